"""Calculations that finished some time ago, as retention finds them."""

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from shared.result import CHUNK_BYTES
from shared.retention.counting import count_finished
from shared.retention.pace import Pace
from shared.retention.removal import Removal
from shared.store.retention.candidates import Selection, find_cutoff
from shared.store.retention.counting import discard_counts
from shared.store.retention.removal import Removed
from shared.store.retention.state import measure_storage

HOUR = 3_600.0
DAY = 24 * HOUR


def ignore(_value: object) -> None:
    """Do nothing with a pause, or with what was removed."""


#: Never waits, and never stops.
AT_ONCE = Pace(ignore, lambda: False)

_INSERT = text("""
    INSERT INTO calculations (
        id, function, version, arguments, arguments_text, status, lane, attempt, started_at,
        created_at, finished_at, result_digits, result_sha256, result_head, result_tail,
        result_value, result_attempt, error)
    SELECT md5(:salt || n)::uuid, :function, 1, '{}', '{}', status, 'quick', 1, at, at, at,
           CASE status WHEN 'succeeded' THEN CAST(:size AS bigint) END,
           CASE status WHEN 'succeeded' THEN :sha256 END, '7', '7',
           CASE WHEN status = 'succeeded' AND :size <= 8192 THEN repeat('7', :size) END,
           CASE WHEN status = 'succeeded' AND :size > 8192 THEN 1 END,
           CASE WHEN status <> 'succeeded' THEN CAST('{"type": "none"}' AS jsonb) END
    FROM generate_series(1, :count) AS n,
         LATERAL (SELECT CAST(:status AS text), now() - make_interval(
             secs => :age_seconds - :over_seconds * (n - 1) / :count)) AS row (status, at)
    RETURNING id""")

_INSERT_CHUNKS = text("""
    INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)
    SELECT CAST(:id AS uuid), :attempt, n,
           repeat('7', least(:chunk, CAST(:size AS bigint) - n * :chunk)::integer)
    FROM generate_series(0, (CAST(:size AS bigint) - 1) / :chunk) AS n""")


def finish(
    engine: Engine,
    count: int = 1,
    *,
    age_seconds: float = DAY,
    over_seconds: float = 0.0,
    size: int = 10,
    status: str = "succeeded",
    function: str = "fibonacci",
) -> list[UUID]:
    """Insert calculations that finished `age_seconds` ago, or later within `over_seconds`."""
    values = {
        "salt": str(uuid4()),
        "count": count,
        "age_seconds": age_seconds,
        "over_seconds": over_seconds,
        "size": size,
        "sha256": hashlib.sha256(b"7" * size).hexdigest(),
        "status": status,
        "function": function,
    }
    with engine.begin() as connection:
        ids = list(connection.execute(_INSERT, values).scalars())
        if status == "succeeded" and size > 8_192:
            for identity in ids:
                insert_chunks(connection, identity, 1, size)
    return ids


def insert_chunks(connection: Any, identity: UUID, attempt: int, size: int) -> None:
    """Store the chunks of one attempt."""
    values = {"id": identity, "attempt": attempt, "size": size, "chunk": CHUNK_BYTES}
    connection.execute(_INSERT_CHUNKS, values)


def count_now(engine: Engine, **options: Any) -> None:
    """Count all that has finished."""
    count_finished(engine, AT_ONCE, **options)


def count_anew(engine: Engine) -> None:
    """Count from the beginning: tests let calculations finish in the past, which never happens."""
    with engine.begin() as connection:
        discard_counts(connection)
    count_now(engine)


def sums(engine: Engine) -> tuple[int, int]:
    """Return how many results are counted, and their bytes."""
    with engine.begin() as connection:
        results, size = connection.execute(
            text("SELECT coalesce(sum(results), 0), coalesce(sum(bytes), 0) FROM stored_results")
        ).one()
    return int(results), int(size)


def truth(engine: Engine) -> tuple[int, int]:
    """Return the same of the rows themselves, whenever they finished."""
    with engine.begin() as connection:
        results, size = connection.execute(
            text("""
                SELECT count(*), coalesce(sum(coalesce(result_length, result_digits)), 0)
                FROM calculations WHERE status = 'succeeded' AND result_pruned_at IS NULL""")
        ).one()
    return int(results), int(size)


def measured(engine: Engine) -> tuple[int, int]:
    """Return what the service says is stored."""
    with engine.begin() as connection:
        storage = measure_storage(connection)
    return storage.results, storage.bytes


def remove(
    engine: Engine,
    *,
    older_than_seconds: float = 0.0,
    excess_bytes: int | None = None,
    pace: Pace = AT_ONCE,
    **selection: Any,
) -> Removed:
    """Remove what finished longer ago."""
    with engine.begin() as connection:
        until = find_cutoff(connection, older_than_seconds)
    assert until is not None
    removal = Removal(engine, pace, ignore)
    return removal.remove(Selection(until, **selection), excess_bytes)


def pruned(engine: Engine, ids: Iterable[UUID]) -> list[bool]:
    """Say of each whether its bytes were removed."""
    return [found is not None for found in _column(engine, ids, "result_pruned_at")]


def present(engine: Engine, ids: Iterable[UUID]) -> list[bool]:
    """Say of each whether its row is there."""
    return [found is not None for found in _column(engine, ids, "status")]


def _column(engine: Engine, ids: Iterable[UUID], column: str) -> list[Any]:
    wanted = list(ids)
    with engine.begin() as connection:
        rows = connection.execute(
            text(f"SELECT id, {column} FROM calculations WHERE id = ANY(:ids)"), {"ids": wanted}
        )
        found = {row[0]: row[1] for row in rows}
    return [found.get(identity) for identity in wanted]


def count_rows(engine: Engine, table: str) -> int:
    """Return how many rows a table has."""
    with engine.begin() as connection:
        count: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return count
