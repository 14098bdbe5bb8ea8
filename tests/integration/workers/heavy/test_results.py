"""What a heavy worker stores: each result whole and once, and each failure with its reason."""

import gmpy2
import pytest

from shared.calculation import Lane, Status
from shared.result import CHUNK_BYTES
from tests.children import children_of
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import body_of
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.heavy.steps import cancel, make_heavy

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("n", [1, 8_192, 8_193, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_a_result_is_stored_whole_and_once(feed, heavy_worker, n):
    calculation = make_heavy("repeat", n)
    feed.submit(calculation)
    feed.publish(Lane.HEAVY, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    row = feed.row(calculation)
    assert feed.digits(calculation) == "7" * n
    assert (row.attempt, row.progress, row.result_digits) == (1, 1, n)
    assert row.compute_seconds < 10
    eventually(lambda: feed.ready(Lane.HEAVY) == 0)
    eventually(lambda: heavy_worker.holds_nothing)
    heavy_worker.stop()
    assert feed.ready(Lane.HEAVY) == 0
    assert feed.row(calculation) == row
    assert chunks(feed) == (0 if n <= 8_192 else -(-n // CHUNK_BYTES))


def test_a_real_function_runs_in_a_real_worker(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 3_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        feed.wait_for(Status.SUCCEEDED, calculation)
        eventually(lambda: 1 < len(children_of(worker.pid)) <= 5, what="a template and its forks")
    assert feed.digits(calculation) == gmpy2.fib(3_000_000).digits()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fail", "function-failed"),
        ("wrong", "result-wrong"),
        ("leave", "process-died"),
        ("hog_in_gmp", "memory-limit"),
    ],
)
def test_a_failure_has_a_reason_and_is_not_tried_again(feed, heavy_worker, name, reason):
    calculation = make_heavy(name)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    row = feed.row(calculation)
    assert row.error["type"] == f"urn:reckoner:problem:{reason}"
    assert row.attempt == 1
    assert feed.ready(Lane.HEAVY) == 0


def test_a_partial_result_leaves_no_chunks(feed, heavy_worker):
    calculation = make_heavy("begin", 20 * CHUNK_BYTES)
    feed.submit(calculation)
    eventually(lambda: chunks(feed))
    cancel(feed, calculation)
    feed.wait_for(Status.CANCELLED, calculation)
    heavy_worker.stop()
    assert chunks(feed) == 0


def test_a_long_wrong_result_leaves_no_chunks(feed, heavy_worker):
    calculation = make_heavy("wrong", 20 * CHUNK_BYTES)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    heavy_worker.stop()
    assert chunks(feed) == 0


def chunks(feed) -> int:
    return int(feed.scalar("SELECT count(*) FROM result_chunks"))


def test_progress_reaches_the_row(feed, heavy_worker):
    calculation = make_heavy("hang")
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress == 0.25)
