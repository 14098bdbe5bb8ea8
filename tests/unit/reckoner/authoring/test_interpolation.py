"""Estimates between measured rows."""

import pytest

from reckoner import interpolate


def test_interpolation_matches_its_rows_and_increases_between_and_beyond():
    rows = ((10, 1.0, 30.0), (100, 10.0, 30.0), (1000, 1000.0, 300.0))
    assert [interpolate(rows, size) for size in (0, 1, 10)] == [(1.0, 30.0)] * 3
    assert interpolate(rows, 100) == pytest.approx((10.0, 30.0))
    assert interpolate(rows, 10_000) == pytest.approx((100_000.0, 3000.0))
    sizes = range(1, 5000, 7)
    seconds = [interpolate(rows, size)[0] for size in sizes]
    assert seconds == sorted(seconds)
