"""Rows of relays and workers as those processes would write them, without the processes."""

from uuid import uuid4

from sqlalchemy import text

from shared.calculation import Lane
from shared.store import presence


def register_relay(engine, *, silent_seconds=0.0, problems=None):
    identity = uuid4()
    with engine.begin() as connection:
        presence.upsert_relay(connection, identity, host="host", pid=1, problems=problems or {})
        connection.execute(
            text("UPDATE relays SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
            {"s": silent_seconds, "id": identity},
        )


def register_worker(engine, lane, *, slots=1):
    with engine.begin() as connection:
        presence.upsert_worker(connection, uuid4(), host="host", pid=1, lane=lane, slots=slots)


def register_all(engine):
    register_relay(engine)
    for lane in Lane:
        register_worker(engine, lane)
