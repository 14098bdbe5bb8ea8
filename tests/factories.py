"""Builders of test data, valid unless overridden."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from reckoner import Estimate, Function
from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.results.kinds import ResultKind
from reckoner.canonical_json import canonical_json
from shared.calculation import Calculation, Lane, calculation_id
from shared.functions.registry import load_registry
from shared.result import Result
from shared.store.calculations import Row

MOMENT = datetime(2026, 11, 26, 10, 30, 15, 123_999, tzinfo=UTC)

_registry = load_registry()


def make_calculation(
    *,
    function: str = "fibonacci",
    arguments: Mapping[str, Any] | None = None,
    lane: Lane = Lane.QUICK,
    **overrides: Any,
) -> Calculation:
    found: Function = _registry.get(function)
    arguments = {"n": 1_000} if arguments is None else arguments
    bound = make_arguments(arguments)
    values: dict[str, Any] = {
        "id": calculation_id(found.name, found.version, bound.text),
        "function": found,
        "arguments": bound,
        "estimate": found.estimate(bound),
        "lane": lane,
    }
    return Calculation(**{**values, **overrides})


def make_arguments(values: Mapping[str, Any]) -> BoundArguments:
    """Return these arguments as if they were valid, whatever they are."""
    return BoundArguments(values, canonical_json(values))


def estimate_of(calculation: Calculation) -> Estimate:
    """Return the estimate of the function itself."""
    assert isinstance(calculation.estimate, Estimate)
    return calculation.estimate


def make_result(**overrides: Any) -> Result:
    values: dict[str, Any] = {
        "kind": ResultKind.DIGITS,
        "length": 2,
        "sha256": "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049",  # of "42"
        "head": "42",
        "tail": "42",
        "data": b"42",
        "check": "residue",
        "compute_seconds": 0.25,
    }
    return Result(**{**values, **overrides})


def make_row(**columns: Any) -> Row:
    values: dict[str, Any] = {
        "id": UUID("633c8518-213a-513b-a7e0-93f891953e0d"),
        "function": "fibonacci",
        "version": 1,
        "arguments": None,
        "status": "queued",
        "lane": "quick",
        "progress": 0.0,
        "attempt": 0,
        "created_at": MOMENT,
        "started_at": None,
        "finished_at": None,
        "compute_seconds": None,
        "estimate_seconds": 1.2345678e-3,
        "estimate_digits": 16,
        "estimate_bytes": 30_000_000,
        "cancel_requested": False,
        "result_digits": None,
        "result_sha256": None,
        "result_head": None,
        "result_tail": None,
        "result_value": None,
        "result_attempt": None,
        "result_pruned_at": None,
        "error": None,
        "history": [],
        "arguments_text": '{"n":77}',
        "estimate_source": "function",
        "peak_bytes": None,
        "result_kind": None,
        "result_media_type": None,
        "result_length": None,
        "result_bytes": None,
        "result_check": None,
        "submitted_by": None,
        "cancelled_by": None,
        "published_at": None,
    }
    return Row(**{**values, **columns})
