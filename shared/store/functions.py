"""Statements on `functions`: their fingerprints, which gateways write, and their learnt costs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.functions.learnt_cost import LearntCost
from shared.store.selection.filters import STORED_FUNCTIONS

#: Two gateways that come together do it one after the other, and only the first changes anything.
#: `before` is what both of them found.
_REGISTER = text("""
    WITH before AS (SELECT name, version, fingerprint FROM functions),
    written AS (
        INSERT INTO functions AS known (name, version, fingerprint)
        SELECT name, version, fingerprint FROM json_to_recordset(CAST(:functions AS json))
               AS new (name text, version integer, fingerprint text)
        ORDER BY name, version
        ON CONFLICT (name, version) DO UPDATE
        SET fingerprint = excluded.fingerprint, seen_at = now()
        WHERE known.fingerprint IS DISTINCT FROM excluded.fingerprint
        RETURNING name, version)
    SELECT name, version FROM written JOIN before USING (name, version)
    WHERE before.fingerprint IS NOT NULL ORDER BY name, version""")

#: Seldom more than once an hour, however many gateways there are.
_TOUCH = text("""
    UPDATE functions SET seen_at = now()
    WHERE (name, version) IN (
        SELECT name, version FROM json_to_recordset(CAST(:functions AS json))
               AS new (name text, version integer))
      AND seen_at NOT BETWEEN now() - interval '1 hour' AND now()""")

_FIND_COSTS = text("""
    SELECT name, version, seconds, peak_bytes, result_bytes FROM functions
    WHERE seconds IS NOT NULL""")

#: Looks at the newest of each function that have succeeded, in each lane, however many wait.
_LEARN = text(f"""
    WITH RECURSIVE {STORED_FUNCTIONS},
    recent AS (
        SELECT stored.function, page.*
        FROM stored, (VALUES ('quick'), ('heavy')) AS lanes (lane), LATERAL (
            SELECT version, created_at, compute_seconds, peak_bytes,
                   coalesce(result_length, result_digits) AS result_bytes
            FROM calculations
            WHERE calculations.function = stored.function AND calculations.lane = lanes.lane
              AND status = 'succeeded'
            ORDER BY created_at DESC, id DESC LIMIT :rows) AS page),
    numbered AS (
        SELECT function, version, compute_seconds, peak_bytes, result_bytes,
               row_number() OVER (PARTITION BY function, version ORDER BY created_at DESC) AS place
        FROM recent WHERE compute_seconds IS NOT NULL),
    learnt AS (
        SELECT function, version, count(*) AS runs,
               percentile_disc(0.9) WITHIN GROUP (ORDER BY compute_seconds) AS seconds,
               percentile_disc(0.9) WITHIN GROUP (ORDER BY peak_bytes) AS peak_bytes,
               percentile_disc(0.9) WITHIN GROUP (ORDER BY result_bytes) AS result_bytes
        FROM numbered WHERE place <= :runs GROUP BY function, version)
    UPDATE functions
    SET runs = learnt.runs, seconds = learnt.seconds, peak_bytes = learnt.peak_bytes,
        result_bytes = learnt.result_bytes
    FROM learnt
    WHERE name = function AND functions.version = learnt.version
      AND (functions.runs, functions.seconds, functions.peak_bytes, functions.result_bytes)
          IS DISTINCT FROM
          (learnt.runs, learnt.seconds, learnt.peak_bytes, learnt.result_bytes)""")

#: One relay at a time; any number will do for the lock.
_LOCK = text("SELECT pg_try_advisory_xact_lock(7270132)")

_DELETE_UNSEEN = text("""
    DELETE FROM functions WHERE seen_at < now() - make_interval(days => :days)""")


@dataclass(frozen=True, slots=True)
class InstalledFunction:
    """A function of a process, with the fingerprint of its source."""

    name: str
    version: int
    fingerprint: str | None


def register_functions(
    connection: Connection, installed: Iterable[InstalledFunction]
) -> list[tuple[str, int]]:
    """Note functions and their fingerprints.

    Return names and versions of those whose fingerprint was another; only to one caller, however
    many call at once.
    """
    rows = connection.execute(_REGISTER, {"functions": _encoded(installed)})
    return [(row.name, row.version) for row in rows]


def touch_functions(connection: Connection, installed: Iterable[InstalledFunction]) -> None:
    """Note that there is still a gateway with these functions."""
    connection.execute(_TOUCH, {"functions": _encoded(installed)})


def find_costs(connection: Connection) -> dict[tuple[str, int], LearntCost]:
    """Return what was learnt, by name and version."""
    rows = connection.execute(_FIND_COSTS)
    return {
        (row.name, row.version): LearntCost(row.seconds, row.peak_bytes, row.result_bytes)
        for row in rows
    }


def learn_costs(connection: Connection, *, rows: int, runs: int) -> None:
    """Learn what functions cost, from up to `runs` runs of each in each version.

    Of each function, the newest `rows` of each lane are read that have succeeded. Does nothing
    while another relay does it.
    """
    if connection.execute(_LOCK).scalar_one():
        connection.execute(_LEARN, {"rows": rows, "runs": runs})


def delete_unseen_functions(connection: Connection, days: int) -> None:
    """Forget functions that no gateway has had for this long."""
    connection.execute(_DELETE_UNSEEN, {"days": days})


def _encoded(installed: Iterable[InstalledFunction]) -> str:
    members: Sequence[dict[str, object]] = [
        {"name": one.name, "version": one.version, "fingerprint": one.fingerprint}
        for one in installed
    ]
    return json.dumps(members)
