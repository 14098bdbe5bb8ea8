"""What tests of the relay share: rows to publish, a relay in a thread, and what became of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import Engine, text

from gateway.relay.process import Relay
from shared.calculation import Calculation, Lane
from shared.config import Settings
from shared.store import new_calculations
from shared.store.presence import RelayState, list_relays, upsert_worker
from tests.engines import autocommit
from tests.factories import make_calculation


def make_relay(settings: Settings, engine: Engine) -> Relay:
    return Relay(settings, engine, autocommit(engine))


@contextmanager
def running(relay: Relay) -> Iterator[None]:
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield
    finally:
        relay.stop()
        thread.join(30)
        assert not thread.is_alive()


def queue(engine: Engine, *numbers: int, lane: Lane = Lane.QUICK) -> list[Calculation]:
    made = [make_calculation(arguments={"n": n}, lane=lane) for n in numbers]
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made, "request")
    return made


def add_slots(engine: Engine, lane: Lane, slots: int) -> None:
    """Register a worker: one that is not there, but has room for many messages."""
    with engine.begin() as connection:
        upsert_worker(connection, uuid4(), host="host", pid=1, lane=lane, slots=slots)


def unpublished(engine: Engine, lane: Lane | None = None) -> int:
    with engine.begin() as connection:
        count: int = connection.execute(
            text(
                "SELECT count(*) FROM calculations"
                " WHERE published_at IS NULL AND lane = coalesce(:lane, lane)"
            ),
            {"lane": lane},
        ).scalar_one()
        return count


def relays(engine: Engine) -> list[RelayState]:
    with engine.begin() as connection:
        return list_relays(connection)


def problem(engine: Engine, lane: Lane) -> str:
    """Return what the only relay's row says of a lane."""
    found = relays(engine)
    assert len(found) == 1
    return found[0].problems.get(lane, "")


def reports(engine: Engine, lane: Lane, *words: str) -> bool:
    """Return whether the only relay's row names all of these in a lane's problem."""
    found = problem(engine, lane)
    assert [word for word in words if word not in found] == [], found
    return True


def is_healthy(engine: Engine) -> bool:
    """Return whether there is one relay, and no lane has a problem."""
    return [relay.problems for relay in relays(engine)] == [{}]
