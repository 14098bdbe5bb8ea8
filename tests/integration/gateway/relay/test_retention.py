"""The relay keeps what is stored within the limits of its settings."""

import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.retention import Retention
from shared.calculation import Lane
from shared.metrics.catalogue import DOCUMENTS_FORGOTTEN, RESULT_BYTES_PRUNED, RESULTS_PRUNED
from shared.metrics.counters import Counters
from shared.retention.pace import Pace
from shared.retention.removal import Removal
from shared.store.metrics import read_metrics
from shared.store.presence import upsert_worker
from shared.store.retention.counting import GRACE_SECONDS
from shared.store.retention.removal import Removed
from shared.store.retention.state import claim_run, measure_storage
from tests.eventually import eventually
from tests.integration.gateway.relay.postgres_clock import replace_clock
from tests.integration.retention.finished import (
    AT_ONCE,
    DAY,
    HOUR,
    count_rows,
    finish,
    measured,
    present,
    pruned,
    remove,
    sums,
    truth,
)


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def run(engine, store_settings, counters):
    """Run retention as a relay that starts now, and as if no other had run lately."""

    def run(**settings):
        with engine.begin() as connection:
            connection.execute(text("UPDATE retention SET ran_at = NULL"))
        Retention(engine, replace(store_settings, **settings), AT_ONCE, counters).run()

    return run


def fault_of(engine):
    with engine.begin() as connection:
        return connection.execute(text("SELECT fault FROM retention")).scalar_one()


def test_without_limits_it_counts_and_removes_nothing(engine, run):
    ids = finish(engine, 3, age_seconds=100 * DAY)
    run()
    assert sums(engine) == (3, 30)
    assert pruned(engine, ids) == [False] * 3
    assert fault_of(engine) is None


def test_what_others_remove_meanwhile_counts_too(engine, run, monkeypatch):
    """As `reckoner prune` does, for example. Else both would remove the same excess."""
    monkeypatch.setattr("gateway.relay.retention._MEASURED_BYTES", 100)
    ids = finish(engine, 10, age_seconds=DAY, over_seconds=HOUR, size=100)
    by_relay = Removal._remove
    others = iter([300])

    def removed_by_both(self, step, selection):
        for size in others:
            remove(engine, excess_bytes=size)
        return by_relay(self, step, selection)

    monkeypatch.setattr(Removal, "_remove", removed_by_both)
    run(retention_bytes=400)
    assert pruned(engine, ids) == [True] * 6 + [False] * 4


def test_results_beyond_an_age_go_and_are_counted_in_the_metrics(engine, run, counters, caplog):
    caplog.set_level(logging.INFO)
    old, young = finish(engine, 3, age_seconds=DAY + 60), finish(engine, age_seconds=DAY - 60)
    run(retention_seconds=DAY)
    assert pruned(engine, [*old, *young]) == [True] * 3 + [False]
    assert "Removed 3 results of 30 bytes, and 0 documents" in caplog.text
    totals = counters.totals()
    assert totals[RESULTS_PRUNED.name] == {"[]": 3}
    assert totals[RESULT_BYTES_PRUNED.name] == {"[]": 30}
    assert DOCUMENTS_FORGOTTEN.name not in totals


def test_documents_go_too_where_that_is_set(engine, run, counters):
    old = [*finish(engine, 3, age_seconds=2 * DAY), *finish(engine, 2, status="failed")]
    run(retention_seconds=HOUR, retention_forget=True)
    assert not any(present(engine, old))
    assert counters.totals()[DOCUMENTS_FORGOTTEN.name] == {"[]": 5}


def test_a_limit_of_bytes_holds_under_a_stream_of_results(engine, run):
    """It is exceeded by what finished within the grace and since the last run, and no more."""
    set_clock = replace_clock(engine)
    limit = 2_000
    finish(engine, 100, age_seconds=10 * DAY, over_seconds=DAY, size=100)
    for hour in range(4):
        set_clock(hour * HOUR)
        finish(engine, 5, age_seconds=0, size=100)
        run(retention_bytes=limit)
        assert measured(engine) == truth(engine) == (20, limit)
    set_clock(5 * HOUR)
    finish(engine, 100, age_seconds=0, size=100)  # more than all that may be removed yet
    run(retention_bytes=limit)
    assert measured(engine) == truth(engine) == (100, 10_000)
    set_clock(5 * HOUR + GRACE_SECONDS + 1)
    run(retention_bytes=limit)
    assert measured(engine) == truth(engine) == (20, limit)


@pytest.mark.parametrize(("limit", "pause"), [(9_900, 8.0), (5_000, 2.0)])
def test_far_beyond_the_limit_it_pauses_less(
    engine, store_settings, counters, monkeypatch, limit, pause
):
    finish(engine, 100, size=100)
    pauses: list[float] = []

    def remove(removal, *_):
        pauses.clear()
        removal._pace.pause(8.0)
        return Removed()

    monkeypatch.setattr("gateway.relay.retention.Removal.remove", remove)
    settings = replace(store_settings, retention_bytes=limit)
    Retention(engine, settings, Pace(pauses.append, lambda: False), counters).run()
    assert pauses == [pause]


def test_the_size_of_the_table_does_not_matter(engine, run):
    """A table that does not shrink must not empty the database."""
    finish(engine, 2_000, age_seconds=2 * DAY, over_seconds=DAY, size=1_000)
    run(retention_bytes=1_500_000)
    for _ in range(3):
        run(retention_bytes=1_500_000)
        assert sums(engine) == (1_500, 1_500_000)


def test_of_several_relays_one_runs_at_a_time(engine, store_settings, counters):
    ids = finish(engine)
    settings = replace(store_settings, retention_seconds=HOUR)
    one, other = (Retention(engine, settings, AT_ONCE, counters) for _ in range(2))
    other.run()
    assert pruned(engine, ids) == [True]
    ids = finish(engine, age_seconds=2 * DAY, function="factorial")
    with engine.begin() as connection:
        connection.execute(text("UPDATE retention SET counted_until = NULL"))
        connection.execute(text("DELETE FROM stored_results"))
    one.run()  # the other did, less than its interval ago
    assert pruned(engine, ids) == [False]
    assert count_rows(engine, "stored_results") == 0


def test_a_run_that_takes_long_keeps_others_from_beginning(
    engine, store_settings, counters, monkeypatch
):
    monkeypatch.setattr("gateway.relay.retention._NOTE_SECONDS", 0.0)
    finish(engine, 3)
    began = []

    def pause(_seconds):
        with engine.begin() as connection:
            began.append(claim_run(connection, 5.0))
            connection.execute(text("UPDATE retention SET ran_at = now() - interval '1 hour'"))

    settings = replace(store_settings, retention_seconds=HOUR)
    Retention(engine, settings, Pace(pause, lambda: False), counters).run()
    assert len(began) > 3
    assert not any(began)


def test_a_fault_is_logged_once_and_kept_and_goes_with_the_next_run_that_works(
    engine, store_settings, counters, caplog
):
    finish(engine)
    settings = replace(store_settings, retention_seconds=HOUR)
    retention = Retention(engine, settings, AT_ONCE, counters)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE stored_results RENAME TO elsewhere"))
    for _ in range(2):
        with engine.begin() as connection:
            connection.execute(text("UPDATE retention SET ran_at = NULL"))
        retention.run()
    assert 'relation "stored_results" does not exist' in fault_of(engine)
    assert "a bug" in caplog.text
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO stored_results"))
        connection.execute(text("UPDATE retention SET ran_at = NULL"))
    retention.run()
    assert fault_of(engine) is None
    assert sums(engine) == (0, 0)


def test_a_lock_that_lasts_is_a_fault_that_is_logged_once(
    engine, store_settings, counters, caplog, monkeypatch
):
    monkeypatch.setattr("shared.store.retention.counting.LOCK_SECONDS", 0.05)
    finish(engine)
    retention = Retention(engine, store_settings, AT_ONCE, counters)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE stored_results"))
        for _ in range(2):
            retention.run()
            with engine.begin() as connection:
                connection.execute(text("UPDATE retention SET ran_at = NULL"))
    assert len(caplog.records) == 1
    assert "lock timeout" in caplog.text
    assert "lock timeout" in fault_of(engine)


def test_a_database_that_takes_no_writes_is_a_fault_that_is_logged_once(
    engine, store_settings, counters, caplog
):
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on")
        )
    engine.dispose()
    retention = Retention(engine, store_settings, AT_ONCE, counters)
    retention.run()
    retention.run()
    assert len(caplog.records) == 1
    assert "read-only" in caplog.text


@contextmanager
def running_relay(settings, **variables):
    environment = {
        "RECKONER_DATABASE_URL": settings.database_url,
        "RECKONER_BROKER_URL": settings.broker_url,
        "RECKONER_RESCUE_SECONDS": "0.2",
        **{f"RECKONER_{name.upper()}": value for name, value in variables.items()},
    }
    relay = subprocess.Popen([sys.executable, "-m", "gateway.relay"], env=os.environ | environment)
    try:
        yield
    finally:
        relay.terminate()
        assert relay.wait(30) == 0


@pytest.mark.slow
def test_a_relay_follows_its_settings(engine, settings):
    (old,) = finish(engine, age_seconds=DAY)
    with running_relay(settings, retention_seconds=str(HOUR)):
        eventually(lambda: pruned(engine, [old]) == [True])
        # What it counts is in its row with the next heartbeat, or at its end.
    with engine.begin() as connection:
        assert read_metrics(connection).counters[RESULTS_PRUNED.name]["[]"] == 1
        assert measure_storage(connection).fault is None


@pytest.mark.slow
def test_a_fault_of_retention_does_not_stop_the_rescue(engine, settings):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE stored_results"))
    with running_relay(settings):
        eventually(lambda: fault_of(engine) is not None)
        with engine.begin() as connection:
            upsert_worker(connection, uuid4(), host="h", pid=1, lane=Lane.QUICK, slots=1)
            connection.execute(text("UPDATE workers SET seen_at = now() - interval '2 minutes'"))
        eventually(lambda: count_rows(engine, "workers") == 0)
