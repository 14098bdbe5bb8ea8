"""Estimates of what a calculation will cost, interpolated from measurements."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a calculation will cost.

    Wall-clock seconds on one core of a server of the 2020s, decimal digits of the result, and peak
    bytes of memory of the process that computes it.
    """

    seconds: float
    digits: int
    bytes: int


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
