"""The statement that sums what unfinished calculations are charged, for admission."""

from bisect import bisect_right
from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.calculation import Lane

#: From each of these on, charged seconds of the heavy lane belong to the next class.
CLASS_BOUNDS = tuple(2.0**exponent for exponent in range(-4, 27))

#: The same, for statements.
SQL_CLASS_BOUNDS = ", ".join(map(str, CLASS_BOUNDS))

#: The first condition names the rows, the second the index `calculations_not_succeeded`.
_SUM = text(f"""
    SELECT coalesce(queued_by, submitted_by) AS key_name, lane,
           CASE WHEN lane = 'heavy' THEN width_bucket(
               coalesce(charged_seconds, estimate_seconds, 0), ARRAY[{SQL_CLASS_BOUNDS}]::float8[]
           ) ELSE 0 END AS class,
           count(*), sum(coalesce(charged_seconds, estimate_seconds, 0) * (1 - progress)),
           sum(coalesce(charged_bytes, estimate_digits, 0))::float8
    FROM calculations WHERE status IN ('queued', 'running') AND status <> 'succeeded'
    GROUP BY 1, 2, 3""")


class Sums(NamedTuple):
    """How many calculations, and what they are charged of seconds and of bytes of results."""

    calculations: int
    seconds: float
    bytes: float

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(self[0] + other[0], self[1] + other[1], self[2] + other[2])

    def minus(self, other: "Sums") -> "Sums":
        """Return what is left without the others."""
        return Sums(self[0] - other[0], self[1] - other[1], self[2] - other[2])


NOTHING = Sums(0, 0.0, 0.0)


class Group(NamedTuple):
    """A lane and, in the heavy lane, a class of charged seconds; 0 in the quick lane."""

    lane: Lane
    seconds_class: int


def class_of(seconds: float) -> int:
    """Return the class of charged seconds in the heavy lane."""
    return bisect_right(CLASS_BOUNDS, seconds)


def group_of(lane: Lane, seconds: float) -> Group:
    """Return the group of a calculation that is charged so many seconds."""
    return Group(lane, class_of(seconds) if lane is Lane.HEAVY else 0)


def sum_queued_work(connection: Connection) -> dict[str | None, dict[Group, Sums]]:
    """Return what unfinished calculations are charged, by key and group.

    Seconds are those that are left by the progress of what runs. The key is that by which a
    calculation is queued; None without one.
    """
    found: dict[str | None, dict[Group, Sums]] = {}
    for key_name, lane, seconds_class, *sums in connection.execute(_SUM):
        found.setdefault(key_name, {})[Group(Lane(lane), seconds_class)] = Sums(*sums)
    return found
