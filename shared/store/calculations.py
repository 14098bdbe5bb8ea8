"""The gateway's statements on existing rows of `calculations`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Calculation, Status
from shared.postgres.prepared import Prepared, Query, Rows, uuid_array
from shared.store.arguments import ARGUMENTS_OF_EARLIER_VERSIONS, arguments_text


class Row(NamedTuple):
    """A row of `calculations`, by the columns that make its document.

    `error` is a problem document (RFC 9457), `history` what became of earlier attempts.
    `arguments` is None unless an earlier version stored them, without `arguments_text`.
    """

    id: UUID
    function: str
    version: int
    arguments: Mapping[str, Any] | None
    status: str
    lane: str
    progress: float
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    compute_seconds: float | None
    estimate_seconds: float | None
    estimate_digits: int | None
    estimate_bytes: int | None
    cancel_requested: bool
    result_digits: int | None
    result_sha256: str | None
    result_head: str | None
    result_tail: str | None
    result_value: str | None
    result_attempt: int | None
    result_pruned_at: datetime | None
    error: Mapping[str, object] | None
    history: Sequence[Mapping[str, Any]]
    arguments_text: str | None
    estimate_source: str | None
    peak_bytes: int | None
    result_kind: str | None
    result_media_type: str | None
    result_length: int | None
    result_bytes: bytes | memoryview | None
    result_check: str | None
    submitted_by: str | None
    cancelled_by: str | None
    published_at: datetime | None

    @property
    def has_result(self) -> bool:
        """Whether it has succeeded and its result is there."""
        return self.status == "succeeded" and self.result_pruned_at is None

    @property
    def handed_over_at(self) -> datetime | None:
        """When RabbitMQ was last given its message; None if it was computed in its request.

        One that is computed in its request is stored as published at the moment it is created.
        """
        return None if self.published_at == self.created_at else self.published_at

    @property
    def canonical_arguments(self) -> str:
        """The canonical text of the arguments, of which the id is made."""
        return arguments_text(self.arguments_text, self.arguments)

    @property
    def kind(self) -> ResultKind:
        """What the bytes of its result are; earlier versions stored digits alone."""
        return ResultKind(self.result_kind) if self.result_kind else ResultKind.DIGITS

    @property
    def length(self) -> int | None:
        """How many bytes its result has; None if it has none."""
        return self.result_digits if self.result_length is None else self.result_length

    @property
    def check(self) -> str | None:
        """How its result was verified; earlier versions compared residues of all."""
        if self.result_kind is None and self.result_digits is not None:
            return "residue"
        return self.result_check

    @property
    def bytes_in_row(self) -> bytes | None:
        """All bytes of a short result; None if they are in chunks, pruned, or not there yet."""
        if self.result_value is not None:
            return self.result_value.encode("utf-8")
        return None if self.result_bytes is None else bytes(self.result_bytes)


#: The columns of a Row, for statements.
DOCUMENT_COLUMNS = ", ".join(
    f"{ARGUMENTS_OF_EARLIER_VERSIONS} AS arguments" if name == "arguments" else name
    for name in Row._fields
)

#: For calculations that are published in the order in which they come.
NO_DELAYS: Mapping[UUID, float] = MappingProxyType({})

#: Calculations that ended without a result, and those whose result was pruned.
_REQUEUE = text("""
    UPDATE calculations
    SET status = 'queued', lane = new.lane, progress = 0, attempt_base = attempt,
        not_before = now(), published_at = NULL, started_at = NULL, finished_at = NULL,
        compute_seconds = NULL, peak_bytes = NULL, error = NULL, request_id = :request_id,
        traceparent = :traceparent,
        queued_by = nullif(CAST(:key_name AS text), submitted_by), cancelled_by = NULL,
        charged_seconds = new.charged_seconds, charged_bytes = new.charged_bytes,
        sort_at = CASE WHEN new.lane = 'heavy' THEN now() + make_interval(secs => new.delay) END,
        result_kind = NULL, result_media_type = NULL, result_length = NULL, result_digits = NULL,
        result_sha256 = NULL, result_head = NULL, result_tail = NULL, result_check = NULL,
        result_value = NULL, result_bytes = NULL, result_attempt = NULL, result_pruned_at = NULL
    FROM (SELECT ended.id, new.lane, new.charged_seconds, new.charged_bytes, new.delay
          FROM unnest(CAST(:ids AS uuid[]), CAST(:lanes AS text[]),
                      CAST(:seconds AS double precision[]), CAST(:bytes AS bigint[]),
                      CAST(:delays AS double precision[]))
               AS new (id, lane, charged_seconds, charged_bytes, delay)
          JOIN calculations AS ended ON ended.id = new.id
          WHERE (ended.status IN ('failed', 'cancelled')
                 OR ended.status = 'succeeded' AND ended.result_pruned_at IS NOT NULL) IS TRUE
          ORDER BY ended.id FOR UPDATE OF ended) AS new
    WHERE calculations.id = new.id
    RETURNING calculations.id""")

_WITHDRAW_CANCEL = text("""
    UPDATE calculations SET cancel_requested = false, cancelled_by = NULL
    WHERE id IN (SELECT id FROM calculations
                 WHERE id = ANY (CAST(:ids AS uuid[])) AND (status = 'running') IS TRUE
                   AND cancel_requested
                 ORDER BY id FOR UPDATE)
    RETURNING id""")

_FIND_MANY = Prepared(
    "find_calculations",
    ("uuid[]",),
    f"SELECT {DOCUMENT_COLUMNS} FROM calculations WHERE id = ANY ($1)",
)

_FIND_STATUSES = text("SELECT id, status FROM calculations WHERE id = ANY (CAST(:ids AS uuid[]))")

#: Those that a submission only finds: their result is there, or is going to be.
_FIND_PRESENT = text("""
    SELECT id FROM calculations
    WHERE id = ANY (CAST(:ids AS uuid[]))
      AND (status IN ('queued', 'running')
           OR status = 'succeeded' AND result_pruned_at IS NULL) IS TRUE""")

#: The relay keeps rows locked until RabbitMQ confirms them, which may take long.
_SHORT_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '3s'")

_CANCEL = text(f"""
    UPDATE calculations
    SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
        finished_at = CASE status WHEN 'queued' THEN now() END,
        error = CASE status WHEN 'queued' THEN CAST(:error AS jsonb) END,
        cancel_requested = (status = 'running'), cancelled_by = :key_name
    WHERE id = :id AND status IN ('queued', 'running')
    RETURNING {DOCUMENT_COLUMNS}""")


def requeue_ended(
    connection: Connection,
    calculations: Sequence[Calculation],
    request_id: str,
    key_name: str | None = None,
    delays: Mapping[UUID, float] = NO_DELAYS,
    traceparent: str | None = None,
) -> set[UUID]:
    """Queue failed, cancelled and pruned ones again; return their ids.

    Each begins a new round of attempts, without a result. It is queued by the key of this name, in
    a request with this id and trace context. In the heavy lane its place is as if it had come
    `delays` seconds later.
    """
    requeued = connection.execute(
        _REQUEUE,
        {
            "ids": uuid_array(calculation.id for calculation in calculations),
            "lanes": [str(calculation.lane) for calculation in calculations],
            "seconds": [calculation.charged_seconds for calculation in calculations],
            "bytes": [calculation.charged_bytes for calculation in calculations],
            "delays": [delays.get(calculation.id, 0.0) for calculation in calculations],
            "request_id": request_id,
            "key_name": key_name,
            "traceparent": traceparent,
        },
    )
    return set(requeued.scalars())


def withdraw_cancel(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Withdraw cancels that no worker has carried out yet; return the ids."""
    withdrawn = connection.execute(_WITHDRAW_CANCEL, {"ids": uuid_array(ids)})
    return set(withdrawn.scalars())


def find_calculations(ids: Sequence[UUID]) -> Query[list[Row]]:
    """Return the rows of those ids that exist, in any order."""
    return Query(_FIND_MANY, (uuid_array(ids),), _document_rows)


def find_statuses(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Status]:
    """Return the status of each known id."""
    rows = connection.execute(_FIND_STATUSES, {"ids": uuid_array(ids)})
    return {row.id: Status(row.status) for row in rows}


def find_present(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids of those that have a result or are unfinished: they need no new work."""
    return set(connection.execute(_FIND_PRESENT, {"ids": uuid_array(ids)}).scalars())


def cancel_calculation(
    connection: Connection, calculation_id: UUID, error_json: str, key_name: str | None = None
) -> Row | None:
    """Cancel it if it is queued, or request that its worker cancel it; None if it is neither.

    The key of this name has cancelled it. Fails with LockNotAvailable, which counts as an outage,
    if the row stays locked for 3 s.
    """
    connection.execute(_SHORT_LOCK_TIMEOUT)
    values = {"id": calculation_id, "error": error_json, "key_name": key_name}
    row = connection.execute(_CANCEL, values).one_or_none()
    return None if row is None else Row._make(row)


def _document_rows(rows: Rows) -> list[Row]:
    return list(map(Row._make, rows))
