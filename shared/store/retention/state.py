"""Statements on the one row of `retention`, and how much is stored.

Whoever counts or removes results locks that row first, so that one transaction at a time changes
`stored_results`. The lock is held for a small step, never for a whole run.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

#: Which rows have bytes to serve, and how many: the logical size, which does not depend on when
#: PostgreSQL frees space.
HAS_RESULT = "(status = 'succeeded' AND result_pruned_at IS NULL)"
RESULT_BYTES = "coalesce(result_length, result_digits)"

#: While more than this is not counted, as after an upgrade, it is not summed when asked either.
_SUMMED_SECONDS = 900

_CLAIM_RUN = text("""
    UPDATE retention SET ran_at = now()
    WHERE is_only_row IN (
        SELECT is_only_row FROM retention
        WHERE ran_at IS NULL OR ran_at NOT BETWEEN now() - make_interval(secs => :seconds) AND now()
        FOR UPDATE SKIP LOCKED)""")

_NOTE_RUN = text("UPDATE retention SET ran_at = now()")

_LOCK = text("SELECT counted_until FROM retention FOR UPDATE")

_NOTE_FAULT = text("""
    UPDATE retention SET fault = CAST(:fault AS text)
    WHERE fault IS DISTINCT FROM CAST(:fault AS text)""")

#: The sums and until when they are true, of the same moment.
_SUMS = text(f"""
    SELECT counted_until, ran_at, fault,
           coalesce(counted_until > now() - interval '{_SUMMED_SECONDS}s', false) AS is_whole,
           (SELECT coalesce(sum(results), 0) FROM stored_results)::bigint AS results,
           (SELECT coalesce(sum(bytes), 0) FROM stored_results)::bigint AS bytes
    FROM retention""")

_SUM_SINCE = text(f"""
    SELECT count(*), coalesce(sum({RESULT_BYTES}), 0)::bigint FROM calculations
    WHERE finished_at >= :counted_until AND {HAS_RESULT}""")


class Storage(NamedTuple):
    """How many results are stored, and their bytes; and retention's last run.

    While `is_whole` is false, older results are still being counted.
    """

    results: int
    bytes: int
    is_whole: bool
    counted_until: datetime | None
    ran_at: datetime | None
    fault: str | None


def claim_run(connection: Connection, seconds: float) -> bool:
    """Note that retention runs; False if that was noted less than `seconds` ago."""
    return connection.execute(_CLAIM_RUN, {"seconds": seconds}).rowcount == 1


def note_run(connection: Connection) -> None:
    """Note that retention still runs, so that no other relay begins."""
    connection.execute(_NOTE_RUN)


def lock_retention(connection: Connection) -> datetime | None:
    """Lock it until the end of the transaction; return until when results are counted."""
    moment: datetime | None = connection.execute(_LOCK).scalar_one()
    return moment


def note_fault(connection: Connection, fault: str | None) -> None:
    """Store what was wrong with the last run, or that nothing was."""
    connection.execute(_NOTE_FAULT, {"fault": fault})


def measure_storage(connection: Connection) -> Storage:
    """Return how much is stored: the running sum, and what has finished since it was counted."""
    sums = connection.execute(_SUMS).one()
    results, size = sums.results, sums.bytes
    if sums.is_whole:
        values = {"counted_until": sums.counted_until}
        recent_results, recent_bytes = connection.execute(_SUM_SINCE, values).one()
        results += recent_results
        size += recent_bytes
    return Storage(results, size, sums.is_whole, sums.counted_until, sums.ran_at, sums.fault)
