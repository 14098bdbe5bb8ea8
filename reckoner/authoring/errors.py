"""What the authoring package raises.

FunctionInvalid      a function that cannot be offered; raised while its module is imported
ArgumentsFaulty      arguments that a client must correct
CalculationFailed    raised by an author's function: it fails the calculation, in the author's words
ResultUnusable       what a function returned is no result of the kind that it declares
EstimateUnusable     what an author's `estimate` returned is no estimate
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reckoner.authoring.faults import Fault


class FunctionInvalid(Exception):
    """Raised when a function cannot be offered; its text says why and what to do."""


class ArgumentsFaulty(Exception):
    """Raised when arguments are missing, unknown or out of bounds.

    `faults` describes the first of them, `count` is how many there are.
    """

    def __init__(self, faults: Sequence[Fault], count: int) -> None:
        super().__init__(" ".join(fault.detail for fault in faults))
        self.faults = tuple(faults)
        self.count = count


class CalculationFailed(Exception):
    """Raise it in a function when there is no result; clients read its words as they are.

    `details` are members for programs, such as `row=3`. They must be JSON.
    """

    def __init__(self, detail: str, /, **details: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.details: Mapping[str, Any] = details


class ResultUnusable(ValueError):
    """Raised when what a function returned is no result; its text says why."""


class EstimateUnusable(ValueError):
    """Raised when what an author's `estimate` returned is no estimate."""
