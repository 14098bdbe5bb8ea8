"""Prepared statements: PostgreSQL parses and plans them once for each connection.

For short, frequent statements: parsing and planning take a fifth of their time (docs/decisions.md).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection

Answer = TypeVar("Answer")

#: Rows as psycopg2 gives them.
Rows = Iterable[Sequence[Any]]

#: Statements are prepared again after this: the table may have grown since they were planned, or a
#: migration may have changed the types of its columns.
_KEPT_SECONDS = 5.0

_INFO_KEY = "prepared statements"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement with its parameters as $1, $2 …, and their types.

    `opening` is sent with it whenever it is executed.
    """

    name: str
    types: tuple[str, ...]
    sql: str
    opening: str = ""

    @property
    def preparing(self) -> str:
        """The statement that has PostgreSQL prepare this one, for one connection."""
        return f"PREPARE {self.name}{_listed(self.types)} AS {self.sql}"

    @property
    def executing(self) -> str:
        """The statement that executes it, with psycopg2's placeholders."""
        return f"{self.opening}EXECUTE {self.name}{_listed(['%s'] * len(self.types))}"


def _listed(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


class PreparedStatements:
    """What one connection has prepared, and may still execute."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._kept_until = 0.0

    def needed_before(self, prepared: Prepared) -> list[str]:
        """Return what this connection must execute before this statement; then `note` it."""
        first = []
        now = time.monotonic()
        if now > self._kept_until:
            first.append("DEALLOCATE ALL")
            self._names.clear()
            self._kept_until = now + _KEPT_SECONDS
        if prepared.name not in self._names:
            first.append(prepared.preparing)
        return first

    def note(self, prepared: Prepared) -> None:
        """Say that it is prepared; a transaction that is rolled back does not change that."""
        self._names.add(prepared.name)


@dataclass(frozen=True, slots=True)
class Query(Generic[Answer]):
    """A prepared statement with the values for it, and how to read its rows."""

    prepared: Prepared
    values: tuple[Any, ...]
    read: Callable[[Rows], Answer]

    def on(self, connection: Connection) -> Answer:
        """Execute it on a connection of SQLAlchemy's."""
        known: PreparedStatements = connection.info.setdefault(_INFO_KEY, PreparedStatements())
        for statement in known.needed_before(self.prepared):
            connection.exec_driver_sql(statement)
        known.note(self.prepared)
        return self.read(connection.exec_driver_sql(self.prepared.executing, self.values))


def uuid_array(ids: Iterable[UUID]) -> str:
    """Return ids as PostgreSQL writes an array: one parameter, not one for each id."""
    return f"{{{','.join(map(str, ids))}}}"
