"""Builders of what tests need, valid unless they are told otherwise."""

from collections.abc import Mapping
from typing import Any

from shared.calculation import Calculation, Lane, calculation_id
from shared.functions.registry import Function, load_registry
from shared.store.rows import FinishedResult

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
    values: dict[str, Any] = {
        "id": calculation_id(found.name, found.version, arguments),
        "function": found,
        "arguments": arguments,
        "estimate": found.estimate(arguments),
        "lane": lane,
    }
    return Calculation(**{**values, **overrides})


def make_result(**overrides: Any) -> FinishedResult:
    values: dict[str, Any] = {
        "digits": 2,
        "sha256": "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049",  # of "42"
        "head": "42",
        "tail": "42",
        "value": "42",
        "compute_seconds": 0.25,
    }
    return FinishedResult(**{**values, **overrides})
