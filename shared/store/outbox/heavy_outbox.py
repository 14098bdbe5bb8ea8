"""Statements on the outbox of the heavy lane: which calculations to publish, and how many.

Only a few are published and not claimed yet: the window. All others wait in PostgreSQL, in the
order of `sort_at`, since RabbitMQ's queue keeps the order in which messages came.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.postgres.prepared import Prepared, Query, Rows
from shared.store.outbox.outbox import BEGIN, TAKEN_COLUMNS, TAKEN_NAMES, Due, read_due
from shared.store.presence import SILENT_SECONDS

#: The calculations that the window has room for, however few slots there are.
LEAST_WINDOW = 16

#: Beyond one for each slot, calculations are published only if what is in the window then takes no
#: more than this of each slot: no slot waits for the relay, and a new calculation not long for it.
WINDOW_SECONDS = 2.0

#: An earlier version has published all that was queued. More than this is not counted, and so never
#: published at once, however many slots there are.
MOST_COUNTED = 2_000

#: What a calculation takes: its estimate, or what was learnt since it came, or what one takes by
#: the rate at which they are claimed, but not more than it may.
_SECONDS = """coalesce(estimate_seconds, functions.seconds,
                    least(charged_seconds, slots / greatest({claims_per_second}, 0.001)))"""

_WINDOW = f"""
    alive AS (
        SELECT greatest(1, coalesce(sum(slots), 0))::integer AS slots FROM workers
        WHERE lane = 'heavy' AND seen_at BETWEEN now() - interval '{SILENT_SECONDS}s'
                                             AND now() + interval '{SILENT_SECONDS}s'),
    published AS (
        SELECT function, version, estimate_seconds, charged_seconds FROM calculations
        WHERE status = 'queued' AND published_at IS NOT NULL AND lane = 'heavy'
        ORDER BY published_at LIMIT {MOST_COUNTED}),
    filled AS (
        SELECT count(*) AS rows, coalesce(sum({_SECONDS}), 0) AS seconds
        FROM alive, published
        LEFT JOIN functions ON name = function AND functions.version = published.version),
    -- It is filled again when half of it has been claimed: so many together cost less.
    room AS (
        SELECT slots, rows, seconds, half,
               CASE WHEN rows <= half THEN 2 * half - rows ELSE 0 END AS most
        FROM alive, filled, LATERAL (
            SELECT least({MOST_COUNTED}, greatest({LEAST_WINDOW}, 2 * slots)) / 2) AS a (half))"""

#: How many of those that are due the relay would publish: none beyond the slots if the next one
#: takes too long. One of which nothing is known counts for what it may take.
_FITTING = f"""
    SELECT CASE WHEN room.seconds + head.seconds <= {WINDOW_SECONDS} * slots THEN most
                ELSE greatest(0, slots - rows) END
    FROM room, (
        SELECT {_SECONDS} AS seconds
        FROM alive, (
            SELECT function, version, estimate_seconds, charged_seconds FROM calculations
            WHERE status = 'queued' AND published_at IS NULL AND lane = 'heavy'
              AND not_before <= now()
            ORDER BY coalesce(sort_at, created_at) LIMIT 1) AS next
        LEFT JOIN functions ON name = function AND functions.version = next.version) AS head"""


def window(claims_per_second: str) -> str:
    """Return common table expressions that say in `room` how many calculations to publish.

    At `most` so many; beyond one for each of `slots` while the window's `seconds` allow it.
    """
    return _WINDOW.format(claims_per_second=claims_per_second)


#: For counting what could be published now: the window, and the most that fits in it.
ROOM, FITTING = window("0"), _FITTING.format(claims_per_second="0")


#: Without sorting, the planner has only the index that has the order, and reads no more of it than
#: it needs, however many wait.
_IN_ORDER = "SET LOCAL enable_sort = off; "

_TAKE = Prepared(
    "take_heavy",
    ("integer", "double precision"),
    f"""
    WITH {window("$2")},
    due AS (
        SELECT id, function, version, estimate_seconds, charged_seconds,
               coalesce(sort_at, created_at) AS place
        FROM calculations
        WHERE status = 'queued' AND published_at IS NULL AND lane = 'heavy' AND not_before <= now()
        ORDER BY coalesce(sort_at, created_at)
        LIMIT (SELECT least(most, $1) FROM room)
        FOR UPDATE SKIP LOCKED),
    estimated AS (
        SELECT id, place, {_SECONDS.format(claims_per_second="$2")} AS seconds
        FROM alive, due LEFT JOIN functions ON name = function AND functions.version = due.version),
    numbered AS (
        SELECT id, row_number() OVER up_to AS number, sum(seconds) OVER up_to AS seconds
        FROM estimated WINDOW up_to AS (ORDER BY place, id)),
    fitting AS (
        SELECT id FROM numbered, room
        WHERE rows + number <= slots
           OR room.seconds + numbered.seconds <= {WINDOW_SECONDS} * slots),
    taken AS (
        UPDATE calculations SET published_at = clock_timestamp()
        FROM fitting WHERE calculations.id = fitting.id
        RETURNING {TAKEN_COLUMNS},
                  coalesce(sort_at, created_at) AS place),
    counted AS (
        SELECT (SELECT count(*) FROM due) AS due, (SELECT count(*) FROM fitting) AS fitting)
    SELECT CASE WHEN fitting < due THEN 1
                WHEN due >= most THEN greatest(1, rows + fitting - half) END,
           taken.id, {TAKEN_NAMES}
    FROM room, counted LEFT JOIN taken ON true
    ORDER BY place, taken.id""",
    opening=BEGIN + _IN_ORDER,
)


#: The next one may have come back from a worker, with a place from long ago: then the place of the
#: last that were published counts.
_LAG = text(f"""
    {_IN_ORDER}
    SELECT greatest(0, extract(epoch FROM now() - greatest(next.place, last.place)))::float
    FROM (SELECT coalesce(sort_at, created_at) AS place FROM calculations
          WHERE status = 'queued' AND published_at IS NULL AND lane = 'heavy'
            AND not_before <= now()
          ORDER BY coalesce(sort_at, created_at) LIMIT 1) AS next,
         (SELECT max(coalesce(sort_at, created_at)) AS place
          FROM (SELECT sort_at, created_at FROM calculations
                WHERE status = 'queued' AND published_at IS NOT NULL AND lane = 'heavy'
                ORDER BY published_at DESC LIMIT {LEAST_WINDOW}) AS published) AS last""")


@dataclass(frozen=True, slots=True)
class Taken:
    """Calculations to publish, and after how many claims there is room for more.

    `claims_until_room` is None if nothing else is due.
    """

    due: list[Due]
    claims_until_room: int | None


def take_heavy(limit: int, claims_per_second: float = 0.0) -> Query[Taken]:
    """Begin a transaction and mark up to `limit` rows as published, as many as there is room for.

    First those with the earliest `sort_at`. The rate at which workers claim tells what those take
    of which nothing is known. The rows stay locked until the transaction ends, and other relays
    skip them; of what these have not committed, this one knows nothing.
    """
    return Query(_TAKE, (limit, claims_per_second), _taken)


def measure_lag_seconds(connection: Connection) -> float:
    """Return how long ago the next row to publish should have been, by its `sort_at`.

    Not more than that of those that were published last. What follows in the transaction is planned
    without sorting.
    """
    seconds: float | None = connection.execute(_LAG).scalar_one_or_none()
    return seconds or 0.0


def _taken(rows: Rows) -> Taken:
    found = list(rows)
    return Taken(read_due(row[1:] for row in found if row[1] is not None), found[0][0])
