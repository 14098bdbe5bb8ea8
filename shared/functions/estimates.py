"""What a calculation will cost, read from measured rows."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a calculation will cost.

    Wall seconds on one core of a server of the 2020s, decimal digits of the result, and peak
    bytes of the process that computes it.
    """

    seconds: float
    digits: int
    bytes: int


def interpolate(measured: Sequence[tuple[int, float, float]], size: int) -> tuple[float, float]:
    """Read seconds and bytes for a size from measured rows (size ≥ 1, seconds, bytes).

    Between rows both follow a power law, as costs of arithmetic nearly do; outside them the
    nearest two rows go on. Rows are in order of size; sizes below the first cost what it costs.
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
