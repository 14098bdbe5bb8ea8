"""Results that are computed twice, and how much memory calculations have held."""

import pytest

from shared.calculation import Status
from tests.eventually import eventually
from tests.integration.workers.heavy.steps import cancel, make_heavy
from tests.misbehaving import results

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("hold", "heavy_worker")]


def count_chunks(feed) -> int:
    return int(feed.scalar("SELECT count(*) FROM result_chunks"))


@pytest.mark.parametrize("n", [100, 300_000])
def test_a_result_that_both_runs_agree_on_is_stored_once(feed, n):
    calculation = make_heavy("same_again", n)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    row = feed.row(calculation)
    assert feed.result(calculation) == results.bytes_of(n)
    assert (row.check, row.attempt, row.progress) == ("recomputed", 1, 1)
    assert count_chunks(feed) == (0 if n == 100 else 2)


@pytest.mark.parametrize("n", [100, 300_000])
def test_a_result_that_the_second_run_does_not_repeat_is_wrong_and_leaves_no_chunks(feed, n):
    calculation = make_heavy("other_again", n)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    row = feed.row(calculation)
    assert row.error["type"] == "urn:reckoner:problem:result-wrong"
    assert "another result when it was run again" in row.error["detail"]
    assert (row.attempt, row.length) == (1, None)
    assert count_chunks(feed) == 0


def test_the_second_run_shares_no_hashes_with_the_first(feed):
    calculation = make_heavy("ordered_by_hash", 100)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    assert feed.row(calculation).error["type"] == "urn:reckoner:problem:result-wrong"


def test_each_run_is_half_of_the_progress(feed, hold):
    calculation = make_heavy("held_again")
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress == 0.25)
    hold.release()
    eventually(lambda: feed.row(calculation).progress == 0.75)
    hold.release()
    feed.wait_for(Status.SUCCEEDED, calculation)


def test_the_second_run_can_be_cancelled(feed, hold):
    calculation = make_heavy("held_again")
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress == 0.25)
    hold.release()
    eventually(lambda: feed.row(calculation).progress == 0.75)
    cancel(feed, calculation)
    feed.wait_for(Status.CANCELLED, calculation)


@pytest.mark.parametrize("name", ["hold_memory", "hold_memory_elsewhere"])
def test_the_peak_of_memory_is_that_of_all_processes_of_a_calculation(feed, name):
    calculation = make_heavy(name, 300)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    assert 300 * 2**20 < feed.row(calculation).peak_bytes < 600 * 2**20
