"""The relay stores each minute that has ended, as part of its rescue."""

from sqlalchemy import text

from gateway.relay.history import History
from gateway.relay.rescue import Rescue


def read_at(engine):
    with engine.begin() as connection:
        return connection.execute(text("SELECT read_at FROM history_totals")).scalar_one()


def forget(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE history_totals SET read_at = NULL"))


def test_the_rescue_keeps_the_history(engine, settings):
    Rescue(engine, settings, lambda _: 0).run_once()
    assert read_at(engine) is not None


def test_it_waits_until_the_minute_has_ended(engine, monkeypatch):
    rest = [30.0]
    monkeypatch.setattr("gateway.relay.history.find_seconds_to_next_minute", lambda _: rest[0])
    history = History(engine)
    history.run_if_due()
    assert read_at(engine) is not None
    forget(engine)
    history.run_if_due()
    assert read_at(engine) is None  # not due
    rest[0] = -1.0  # it has ended
    another = History(engine)
    another.run_if_due()
    forget(engine)
    another.run_if_due()
    assert read_at(engine) is not None
