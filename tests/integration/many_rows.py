"""A table of a size at which PostgreSQL has a choice of plans, with a burst unknown to it.

Statistics are from before the burst: then most rows had a result, and hardly any waited.
"""

from sqlalchemy import Connection, text

OLD, BURST, RUNNING = 30_000, 3_000, 40

_INSERT = """
    INSERT INTO calculations (
        id, function, version, arguments, status, lane, estimate_seconds, estimate_digits,
        estimate_bytes, created_at, not_before, published_at, finished_at, result_digits,
        result_sha256, result_value, error, lease_until, worker_id, attempt)
    SELECT md5(:salt || n)::uuid,
           CASE WHEN n % 97 = 1 THEN 'rare' WHEN n % 10 = 0 THEN 'factorial'
                ELSE 'fibonacci' END,
           1, jsonb_build_object('n', n), status, lane, 1, 1, 1, at, at,
           CASE WHEN is_published THEN at END,
           CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN at END,
           CASE status WHEN 'succeeded' THEN 1 END,
           CASE status WHEN 'succeeded' THEN 'no digest' END,
           CASE status WHEN 'succeeded' THEN '7' END,
           CASE WHEN status IN ('failed', 'cancelled') THEN jsonb_build_object('type', 'none') END,
           CASE status WHEN 'running' THEN now() - interval '1 minute' END,
           CASE status WHEN 'running' THEN md5('worker')::uuid END,
           CASE status WHEN 'running' THEN 1 ELSE 0 END
    FROM generate_series(1, :count) AS n,
         -- Two of three have a neighbour of the same moment.
         LATERAL (SELECT now() - make_interval(hours => 2, secs => (:count - n) / 3 * 3)) AS a (at),
         LATERAL (SELECT {status}, {lane}, {is_published}) AS b (status, lane, is_published)"""


def insert_rows(
    connection: Connection,
    salt: str,
    count: int,
    *,
    status: str,
    lane: str = "CASE n % 3 WHEN 0 THEN 'heavy' ELSE 'quick' END",
    is_published: str = "n % 2 = 0",
) -> None:
    """Insert rows whose state are pieces of SQL in their number n."""
    statement = _INSERT.format(status=status, lane=lane, is_published=is_published)
    connection.execute(text(statement), {"salt": salt, "count": count})


def fill(connection: Connection) -> None:
    """Insert it all; the connection is a superuser's, and in autocommit."""
    connection.execute(text("ALTER TABLE calculations SET (autovacuum_enabled = off)"))
    insert_rows(
        connection,
        "old",
        OLD,
        status="""CASE WHEN n % 400 = 0 THEN 'failed' WHEN n % 401 = 0 THEN 'cancelled'
                       WHEN n % 5000 = 0 THEN 'queued' ELSE 'succeeded' END""",
        is_published="true",
    )
    connection.execute(text("VACUUM ANALYZE calculations"))
    insert_rows(connection, "burst", BURST, status="'queued'")
    insert_rows(
        connection, "running", RUNNING, status="'running'", lane="'heavy'", is_published="true"
    )
