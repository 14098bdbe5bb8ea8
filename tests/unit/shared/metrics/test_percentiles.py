"""Percentiles of which only buckets are known."""

import pytest

from shared.metrics.percentiles import percentile

BOUNDS = (1.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("share", "counts", "value"),
    [
        (0.5, [10, 0, 0, 0], 0.5),
        (0.5, [0, 10, 0, 0], 1.5),
        (0.99, [50, 0, 50, 0], 3.96),
        (0.5, [50, 0, 50, 0], 1.0),
        (0.5, [0, 0, 0, 7], 4.0),
        (0.99, [99, 0, 0, 1], 1.0),
    ],
)
def test_values_are_spread_evenly_within_their_bucket(share, counts, value):
    assert percentile(share, counts, BOUNDS) == pytest.approx(value)


def test_without_values_there_is_no_percentile():
    assert percentile(0.5, [0, 0, 0, 0], BOUNDS) is None
