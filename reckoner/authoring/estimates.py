"""Estimates of what a calculation will cost, interpolated from measurements."""

from __future__ import annotations

import logging
import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reckoner.authoring.errors import EstimateUnusable

#: More than anything will cost. A larger estimate counts as this: PostgreSQL would not store it.
_MOST_SECONDS = 1e12
_MOST = 2**63 - 1

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a calculation will cost.

    Wall-clock seconds on one core of a server of the 2020s, peak bytes of memory of the process
    that computes it, and, where they are known, decimal digits of the result.
    """

    seconds: float
    bytes: int
    digits: int | None = None


def checked_estimate(given: object) -> Estimate:
    """Return an author's estimate. Raises EstimateUnusable for what is none."""
    if type(given) is not Estimate:
        raise EstimateUnusable(f"It returned {given!r:.60}, which is not an Estimate.")
    seconds, size, digits = given.seconds, given.bytes, given.digits
    if not (type(seconds) in (float, int) and 0 <= seconds < math.inf):
        raise EstimateUnusable(f"seconds must be a number of at least 0; it is {seconds!r:.60}.")
    if not (type(size) is int and size >= 0):
        raise EstimateUnusable(f"bytes must be an integer of at least 0; it is {size!r:.60}.")
    if not (digits is None or (type(digits) is int and digits >= 0)):
        raise EstimateUnusable(f"digits must be an integer of at least 0; it is {digits!r:.60}.")
    if seconds <= _MOST_SECONDS and size <= _MOST and (digits is None or digits <= _MOST):
        return given
    return Estimate(
        float(min(seconds, _MOST_SECONDS)),
        min(size, _MOST),
        None if digits is None else min(digits, _MOST),
    )


class Estimator:
    """Calls an author's estimate. A failure is logged once, and counts as no estimate."""

    def __init__(self, function_name: str, estimate: Callable[..., Estimate]) -> None:
        self._function_name = function_name
        self._estimate = estimate
        self._has_failed = False

    def estimate(self, values: Mapping[str, Any]) -> Estimate | None:
        """Return the estimate for these arguments; None if there is none of use."""
        try:
            return checked_estimate(self._estimate(**values))
        except (Exception, SystemExit) as error:  # whatever an author's code raises
            if not self._has_failed:
                self._has_failed = True
                _logger.error(
                    "The estimate of the function %s is ignored. %s",
                    self._function_name,
                    error if isinstance(error, EstimateUnusable) else "It raised an exception.",
                    exc_info=not isinstance(error, EstimateUnusable),
                )
            return None


def interpolate(measured: Sequence[tuple[int, float, float]], size: int) -> tuple[float, float]:
    """Return seconds and bytes for a size, from measured rows (size ≥ 1, seconds, bytes).

    Rows must be in order of size. Between two rows, and beyond the last two, both values follow a
    power law, as costs of arithmetic nearly do. Sizes below the first row cost the same as it.
    """
    if size <= measured[0][0]:
        return measured[0][1:]
    row = min(bisect_left(measured, (size,)), len(measured) - 1)
    left, right = measured[row - 1], measured[row]
    position = math.log(size / left[0]) / math.log(right[0] / left[0])
    return (
        left[1] * (right[1] / left[1]) ** position,
        left[2] * (right[2] / left[2]) ** position,
    )
