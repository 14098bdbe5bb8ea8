"""Helpers that make, change and read rows of calculations."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON, failure_json
from shared.store import (
    attempts,
    calculations,
    leases,
    new_calculations,
)
from shared.store.leases import Renewal
from shared.store.outbox import heavy_outbox, outbox
from shared.store.retention.removal import prune_results
from tests.factories import make_calculation

WORKER, OTHER_WORKER = uuid4(), uuid4()


def queue(connection, *, n=1_000, lane=Lane.QUICK):
    calculation = make_calculation(arguments={"n": n}, lane=lane)
    new_calculations.insert_queued(connection, [calculation], "request")
    return calculation


def claim(connection, calculation, *, worker_id=WORKER, lease_seconds=60):
    return leases.claim_calculation(
        connection, calculation.id, worker_id=worker_id, lease_seconds=lease_seconds
    )


def cancel(connection, calculation):
    return calculations.cancel_calculation(connection, calculation.id, CANCELLED_JSON)


def row_of(connection, calculation):
    (row,) = calculations.find_calculations([calculation.id]).on(connection)
    return row


def status_of(connection, calculation):
    return row_of(connection, calculation).status


def take_due(connection, lane, limit=9):
    """Mark rows of a lane as published, as the relay does, and return them."""
    if lane is Lane.QUICK:
        return outbox.take_due(limit).on(connection)
    return heavy_outbox.take_heavy(limit).on(connection).due


def change(connection, calculation, columns):
    """Set columns of a row; `columns` is SQL."""
    connection.execute(
        text(f"UPDATE calculations SET {columns} WHERE id = :id"), {"id": calculation.id}
    )


def stored(connection, calculation, expression):
    """Return the value of an SQL expression for a row."""
    return connection.execute(
        text(f"SELECT {expression} FROM calculations WHERE id = :id"), {"id": calculation.id}
    ).scalar_one()


def expire(connection, *, max_attempts=3, backoff_seconds=0.0, limit=100):
    expired = attempts.expire_leases(
        connection,
        max_attempts=max_attempts,
        backoff_seconds=backoff_seconds,
        failed_error_json=failure_json("worker-lost", "Gone."),
        cancelled_error_json=CANCELLED_JSON,
        limit=limit,
    )
    return {one.calculation_id: one.status for one in expired}


def note_counted(connection, until):
    """Have all that finishes until then count as counted: nothing else may be removed."""
    connection.execute(text("UPDATE retention SET counted_until = :until"), {"until": until})


def prune_result(connection, calculation_id):
    """Remove the bytes of a result, whenever it finished; return whether it had any."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    note_counted(connection, tomorrow)
    return prune_results(connection, [calculation_id], tomorrow).results == 1


def waits_for_a_lock(engine):
    """Return how many sessions of this database wait for a lock."""
    # In a new transaction each time: within one, PostgreSQL shows the activity at its start.
    with engine.begin() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        ).scalar_one()


def extend(connection, *renewals, lease_seconds=60):
    """Extend claims of WORKER, each given with its progress."""
    return leases.extend_leases(
        connection,
        [Renewal(claimed.calculation_id, claimed.attempt, share) for claimed, share in renewals],
        worker_id=WORKER,
        lease_seconds=lease_seconds,
    )


def retry(connection, claimed):
    """Have a calculation of WORKER tried again because its process died."""
    return attempts.retry_calculation(
        connection, claimed, "process-died", worker_id=WORKER, backoff_seconds=1.0
    )


def now(connection):
    """Return when this transaction began."""
    return connection.execute(text("SELECT now()")).scalar_one()


def without_indexes(connection):
    """Disable indexes, so that rows have no order by chance."""
    for way in ("indexscan", "indexonlyscan", "bitmapscan"):
        connection.execute(text(f"SET LOCAL enable_{way} = off"))
