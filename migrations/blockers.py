"""Reports which sessions hold a lock that a migration waits for."""

import threading
from functools import partial
from typing import Any, Self

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from migrations.report import Report
from shared.postgres.servers import servers_of

_POLL_SECONDS = 0.5

#: When the same line is written again.
_REPEAT_SECONDS = 5.0

_SHOWN_CHARACTERS = 120

_BLOCKERS = text("""
    SELECT waiting.mode, waiting.locktype, waiting.relation::regclass::text AS relation,
           holder.pid, activity.application_name, activity.state,
           to_char(activity.query_start, 'HH24:MI:SS') AS since, activity.query
    FROM pg_locks AS waiting
    CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS holder (pid)
    LEFT JOIN pg_stat_activity AS activity ON activity.pid = holder.pid
    WHERE waiting.pid = :pid AND NOT waiting.granted
    ORDER BY activity.query_start""")


class BlockerWatch:
    """Watches the session that migrates, from a thread with a connection of its own."""

    def __init__(self, url: URL, pid: int, report: Report) -> None:
        """Watch the session whose server process is `pid`."""
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            creator=partial(
                servers_of(url).connect,
                name="reckoner migrations: blockers",
                options=("statement_timeout=5000",),
            ),
        )
        self._pid = pid
        self._report = report
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="blockers", daemon=True)
        #: The lock that was waited for last, and who held it.
        self.last: str | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        # A migration that does not wait long needs no second connection.
        if self._closed.wait(_POLL_SECONDS):
            return
        try:
            with self._engine.connect() as connection:
                self._watch(connection)
        except SQLAlchemyError:
            return  # the migration itself reports what is wrong with PostgreSQL

    def _watch(self, connection: Connection) -> None:
        silent_seconds_left = 0.0
        while True:
            rows = connection.execute(_BLOCKERS, {"pid": self._pid}).mappings().all()
            if rows:
                self.last = _describe_lock(rows[0]) + "; ".join(
                    _describe_holder(row) for row in rows
                )
                if silent_seconds_left <= 0:
                    self._report.write(f"Waiting for {self.last}")
                    silent_seconds_left = _REPEAT_SECONDS
            if self._closed.wait(_POLL_SECONDS):
                return
            silent_seconds_left -= _POLL_SECONDS


def _describe_lock(row: Any) -> str:
    if row["locktype"] == "advisory":
        return "another migration to end, which is run by "
    what = row["relation"] or row["locktype"]
    return f"{row['mode']} on {what}, held by "


def _describe_holder(row: Any) -> str:
    if row["pid"] == 0:
        return "a prepared transaction (see pg_prepared_xacts)"
    query = " ".join((row["query"] or "").split())
    if len(query) > _SHOWN_CHARACTERS:
        query = query[:_SHOWN_CHARACTERS] + "…"
    facts = [row["application_name"] or "unnamed"]
    if row["since"]:  # hidden from a role that may not see others' sessions
        facts += [row["state"], f"since {row['since']}"]
    return f"pid {row['pid']} ({', '.join(facts)}): {query}"
