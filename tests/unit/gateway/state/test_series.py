"""A history becomes a bounded number of points, and what is not known stays unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state.grid import LEAST_SECONDS, MAX_POINTS, MOST_SECONDS, grid_of
from gateway.state.series import series_members
from shared.calculation import Lane
from tests.unit.shared.diagnosis.test_amounts import step

NOW = datetime(2026, 11, 27, 12, 34, 56, tzinfo=UTC)
NONE = (0,) * 12
FAST = (0, 4, *NONE[2:])


@pytest.mark.parametrize("seconds", [LEAST_SECONDS, 3_600, 86_400, 172_800, 172_801, MOST_SECONDS])
def test_points_are_few_and_reach_from_then_until_now(seconds):
    grid = grid_of(seconds, NOW)
    assert 0 < grid.points <= MAX_POINTS
    assert grid.step_seconds % grid.stored_seconds == 0
    assert grid.since <= NOW - timedelta(seconds=seconds) + timedelta(seconds=grid.step_seconds)
    end = grid.began + grid.points * grid.step_seconds
    assert abs(end - NOW.timestamp()) <= grid.step_seconds
    assert grid.place(NOW - timedelta(seconds=seconds + 2 * grid.step_seconds)) is None


def test_an_hour_is_shown_by_the_minutes_that_have_ended():
    grid = grid_of(3_600, NOW)
    assert (grid.step_seconds, grid.points) == (60, 60)
    assert grid.place(NOW) is None
    assert grid.place(NOW - timedelta(seconds=60)) == 59


def test_steps_of_one_point_are_put_together_and_a_gap_is_null():
    grid = grid_of(86_400, NOW)
    assert grid.step_seconds == 300
    at = grid.since + timedelta(seconds=600)
    quick = [
        step(started_at=at, accepted=3, queued=5, workers=2, waiting=FAST, computing=NONE),
        step(
            started_at=at + timedelta(seconds=60),
            accepted=4,
            queued=2,
            workers=1,
            waiting=FAST,
            computing=NONE,
        ),
    ]
    found = series_members(quick, grid)
    lane = found["lanes"][Lane.QUICK]
    assert lane["accepted"][1:4] == [None, 7, None]
    assert lane["queued"][2] == 5
    assert lane["workers"][2] == 1
    assert lane["waiting_seconds_p50"][1:4] == [None, 0.003, None]
    assert lane["computing_seconds_p99"][2] is None
    assert found["counted_seconds"][1:4] == [None, 120.0, None]
    assert found["lanes"][Lane.HEAVY]["accepted"] == [None] * grid.points
    assert found["times"][2] == at.timestamp()
    assert {len(series) for series in lane.values()} == {grid.points}
