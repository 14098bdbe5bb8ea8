"""Statements on calculations that workers hand back because they do not have their function.

A worker hands one back before any claim, so it costs no attempt. It goes back to the outbox, and
another worker may have the function: during a rolling update, or where a package is missing on one
host. Whether it has waited too long for one is decided by the relay (gateway/relay/handed_back.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.postgres.prepared import uuid_array
from shared.store.notifications import notify_returned

#: The pause before it is published again is as long as it has been waiting for a worker, within
#: these bounds: so it doubles each time.
_SHORTEST_PAUSE_SECONDS = 1
_LONGEST_PAUSE_SECONDS = 10

#: Not only those whose `published_at` is set: the relay may not have committed that yet.
#: In the order of their ids, so that two workers cannot deadlock.
_HAND_BACK = text(f"""
    WITH returned AS (
        UPDATE calculations
        SET published_at = NULL, not_before = now() + make_interval(secs =>
                least({_LONGEST_PAUSE_SECONDS}, greatest({_SHORTEST_PAUSE_SECONDS}, waited)))
        FROM (SELECT queued.id, extract(epoch FROM now() - since) AS waited
              FROM calculations AS queued LEFT JOIN handed_back ON calculation_id = queued.id
              WHERE queued.id = ANY (CAST(:ids AS uuid[])) AND (queued.status = 'queued') IS TRUE
                AND queued.lane = :lane
              ORDER BY queued.id FOR UPDATE OF queued) AS missing
        WHERE calculations.id = missing.id
        RETURNING calculations.id)
    INSERT INTO handed_back (calculation_id) SELECT id FROM returned
    ON CONFLICT DO NOTHING""")

_REVIEW = text("""
    WITH batch AS (
        SELECT calculation_id, since FROM handed_back
        WHERE calculation_id > :after ORDER BY calculation_id LIMIT :limit
        FOR UPDATE SKIP LOCKED),
    reviewed AS (
        SELECT calculation_id, lane, function, version,
               extract(epoch FROM now() - since)::float AS waited
        FROM batch
        LEFT JOIN calculations AS queued
               ON queued.id = calculation_id AND (queued.status = 'queued') IS TRUE),
    settled AS (
        DELETE FROM handed_back USING reviewed
        WHERE handed_back.calculation_id = reviewed.calculation_id AND lane IS NULL)
    SELECT calculation_id, lane, function, version, waited FROM reviewed
    ORDER BY calculation_id""")

_NOTE_OFFERED = text("""
    UPDATE handed_back SET since = now() WHERE calculation_id = ANY (CAST(:ids AS uuid[]))""")

#: Rows that are locked wait for the next review: a worker may be handing them back once more.
_FAIL = text("""
    WITH failed AS (
        UPDATE calculations SET status = 'failed', finished_at = now(), error = gone.error
        FROM (SELECT id, new.error
              FROM unnest(CAST(:ids AS uuid[]), CAST(:errors AS jsonb[])) AS new (id, error)
              JOIN calculations AS queued USING (id)
              WHERE (queued.status = 'queued') IS TRUE
              FOR UPDATE OF queued SKIP LOCKED) AS gone
        WHERE calculations.id = gone.id
        RETURNING calculations.id),
    settled AS (
        DELETE FROM handed_back USING failed WHERE calculation_id = failed.id)
    SELECT id FROM failed""")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A calculation that was handed back, and for how long no worker is known to have offered it.

    `lane`, `function` and `version` are None if it is no longer queued.
    """

    calculation_id: UUID
    lane: str | None
    function: str | None
    version: int | None
    waited_seconds: float


def hand_back(connection: Connection, ids: Sequence[UUID], lane: Lane) -> None:
    """Return those still queued in this lane to the outbox, for another worker to compute.

    In the heavy lane this notifies the relay: there is room for as many others.
    """
    connection.execute(_HAND_BACK, {"ids": uuid_array(ids), "lane": str(lane)})
    if lane is Lane.HEAVY:
        notify_returned(connection)


def review_handed_back(connection: Connection, after: UUID, limit: int) -> list[Reviewed]:
    """Return up to `limit` of those with a higher id, in the order of their ids.

    Forget those that are no longer queued.
    """
    rows = connection.execute(_REVIEW, {"after": after, "limit": limit})
    return [Reviewed(*row) for row in rows]


def note_offered(connection: Connection, ids: Sequence[UUID]) -> None:
    """Have these begin to wait anew, with short pauses: a worker offers their functions."""
    connection.execute(_NOTE_OFFERED, {"ids": uuid_array(ids)})


def fail_handed_back(connection: Connection, errors_json: Mapping[UUID, str]) -> set[UUID]:
    """Store why those still queued failed, and forget them; return their ids."""
    values = {"ids": uuid_array(errors_json), "errors": list(errors_json.values())}
    return set(connection.execute(_FAIL, values).scalars())
