"""The audit after a fault: what was accepted is there, right, and only once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.result import CHUNK_BYTES
from tests.eventually import eventually
from tests.faults.stack import Stack
from tests.faults.transport import DEAD_QUEUES, WORK_QUEUES
from tests.faults.truth import Wanted, is_right, sha256_of

_ROWS = 200

_KINDS = {"members": "json", "stripes": "bytes"}

_OPEN = """SELECT count(*) FROM calculations
    WHERE status IN ('queued', 'running') OR lease_until IS NOT NULL OR worker_id IS NOT NULL"""

_FOUND = """SELECT id, status, lane, attempt, attempt_base, result_kind,
                   result_digits, result_length, result_sha256, result_value, result_bytes,
                   result_attempt, history, error
    FROM calculations WHERE id = ANY (CAST(:ids AS uuid[]))"""

_CHUNKS = """SELECT calculation_id, attempt, ordinal, digits, data FROM result_chunks
    WHERE calculation_id = ANY (CAST(:ids AS uuid[])) ORDER BY calculation_id, attempt, ordinal"""

_CHUNKS_OF_NO_RESULT = """SELECT count(*) FROM result_chunks JOIN calculations
    ON id = calculation_id WHERE result_attempt IS DISTINCT FROM result_chunks.attempt"""


def audit(stack: Stack, accepted: Mapping[UUID, Wanted], *, within_seconds: float) -> None:
    """Wait until all is final and RabbitMQ is empty, then check everything that was accepted."""
    eventually(
        lambda: _nothing_open(stack, accepted), within_seconds=within_seconds, what="all final"
    )
    eventually(lambda: _queues_empty(stack), within_seconds=30, what="queues empty")
    eventually(lambda: not stack.strays(), within_seconds=5, what="no orphan")
    eventually(
        lambda: stack.scalar(_CHUNKS_OF_NO_RESULT) == 0,
        within_seconds=10,
        what="chunks of lost attempts gone",
    )
    identities = list(accepted)
    for start in range(0, len(identities), _ROWS):
        some = identities[start : start + _ROWS]
        if any(accepted[identity].n > 1_000_000 for identity in some):
            for identity in some:
                _check(stack, {identity: accepted[identity]})
        else:
            _check(stack, {identity: accepted[identity] for identity in some})


def _nothing_open(stack: Stack, accepted: Mapping[UUID, Wanted]) -> bool:
    still_open = stack.scalar(_OPEN)
    assert still_open == 0, f"{still_open} of {len(accepted)} are not final"
    return True


def _queues_empty(stack: Stack) -> bool:
    depths = stack.transport.depths()
    wanted = dict.fromkeys((*WORK_QUEUES, *DEAD_QUEUES), (0, 0))
    assert {name: depths.get(name) for name in wanted} == wanted
    return True


def _check(stack: Stack, accepted: Mapping[UUID, Wanted]) -> None:
    ids = [str(identity) for identity in accepted]
    rows = {row.id: row for row in stack.rows(_FOUND, ids=ids)}
    assert rows.keys() == accepted.keys(), "an accepted calculation is not there"
    chunks: defaultdict[UUID, list[Any]] = defaultdict(list)
    for chunk in stack.rows(_CHUNKS, ids=ids):
        chunks[chunk.calculation_id].append(chunk)
    for identity, wanted in accepted.items():
        row = rows[identity]
        assert row.status == wanted.status, f"{identity}, {wanted}: {row.error}"
        _check_history(row)
        if wanted.status == "succeeded":
            _check_result(wanted, row, chunks[identity])
        else:
            assert not chunks[identity]


def _check_result(wanted: Wanted, row: Any, chunks: Sequence[Any]) -> None:
    """One result, of one attempt, with all its chunks; and it is right."""
    short = [value for value in (row.result_value, row.result_bytes) if value is not None]
    if short:
        assert not chunks, f"{row.id} has two results"
        pieces = [_bytes(value) for value in short]
        assert len(pieces) == 1
    else:
        assert {chunk.attempt for chunk in chunks} == {row.result_attempt}
        assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
        pieces = [_bytes(chunk.digits if chunk.data is None else chunk.data) for chunk in chunks]
        assert all(len(piece) == CHUNK_BYTES for piece in pieces[:-1])
    result = b"".join(pieces)
    assert row.result_kind == _KINDS.get(wanted.function, "digits")
    is_digits = row.result_kind == "digits"
    lengths = (len(result), None) if is_digits else (None, len(result))
    assert (row.result_digits, row.result_length) == lengths
    assert sha256_of(result) == row.result_sha256
    assert is_right(wanted, result), f"{row.id}: {wanted} has a wrong result"


def _bytes(value: str | memoryview) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _check_history(row: Any) -> None:
    """Each attempt that a heavy worker claimed has ended once, and those handed back are free."""
    attempts = [entry["attempt"] for entry in row.history]
    if row.lane == "quick":
        assert row.attempt == 1, f"{row.id} has {row.attempt} results"
        assert not attempts
        return
    newest = range(max(0, row.attempt - 20) + 1, row.attempt + 1)
    assert attempts == list(newest), f"{row.id}: {row.history}"
    outcomes = [entry["outcome"] for entry in row.history]
    assert (outcomes[-1] == "succeeded") == (row.status == "succeeded")
    assert "succeeded" not in outcomes[:-1]
    was_submitted_once = set(outcomes[:-1]) <= {"released", "lost", "killed", "crashed"}
    if was_submitted_once and row.attempt <= 20:
        assert outcomes.count("released") == row.attempt_base
