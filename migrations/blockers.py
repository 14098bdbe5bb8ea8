"""Who is in a migration's way: the sessions that hold a lock that it waits for."""

import threading
from functools import partial
from typing import Any, Self

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from migrations.report import Report
from shared.postgres.servers import servers_of

_LOOK_SECONDS = 0.5

#: The same is said again after so long.
_SAY_SECONDS = 5.0

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
    """Looks from a connection of its own, in a thread, while the one that migrates waits."""

    def __init__(self, url: URL, pid: int, report: Report) -> None:
        """Watch the server's process `pid`."""
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            creator=partial(
                servers_of(url).connect,
                name="reckoner migrations: what they wait for",
                options=("statement_timeout=5000",),
            ),
        )
        self._pid = pid
        self._report = report
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="blockers", daemon=True)
        #: What was waited for last, and who had it.
        self.last: str | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        # Connected only when it takes long enough for anybody to wonder.
        if self._closed.wait(_LOOK_SECONDS):
            return
        try:
            with self._engine.connect() as connection:
                self._watch(connection)
        except SQLAlchemyError:
            return  # the migration itself will say what is wrong with PostgreSQL

    def _watch(self, connection: Connection) -> None:
        quiet = 0.0
        while True:
            rows = connection.execute(_BLOCKERS, {"pid": self._pid}).mappings().all()
            if rows:
                self.last = _awaited(rows[0]) + "; ".join(_holder(row) for row in rows)
                if quiet <= 0:
                    self._report.say(f"Waiting for {self.last}")
                    quiet = _SAY_SECONDS
            if self._closed.wait(_LOOK_SECONDS):
                return
            quiet -= _LOOK_SECONDS


def _awaited(row: Any) -> str:
    if row["locktype"] == "advisory":
        return "another migration to end, which is run by "
    what = row["relation"] or row["locktype"]
    return f"{row['mode']} on {what}, held by "


def _holder(row: Any) -> str:
    if row["pid"] == 0:
        return "a prepared transaction (see pg_prepared_xacts)"
    query = " ".join((row["query"] or "").split())
    if len(query) > _SHOWN_CHARACTERS:
        query = query[:_SHOWN_CHARACTERS] + "…"
    facts = [row["application_name"] or "unnamed"]
    if row["since"]:  # hidden from a role that may not see others' sessions
        facts += [row["state"], f"since {row['since']}"]
    return f"pid {row['pid']} ({', '.join(facts)}): {query}"
