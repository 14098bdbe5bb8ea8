"""What a quick worker counts of the outcomes that it stores."""

import logging
from typing import Any

import pytest

from shared.calculation import Work
from shared.failures import failure_json
from shared.metrics.catalogue import (
    COMPUTE_SECONDS,
    FINISHED,
    LATE_WRITES_REFUSED,
    RESULT_BYTES,
    WAITING_SECONDS,
)
from shared.metrics.counters import Counters
from tests.counted import counted
from tests.engines import autocommit
from tests.factories import make_result
from tests.integration.rows import queue
from workers.broker.consumer import Delivery
from workers.quick.group_commit import FinishedMessage, GroupCommit, Outcome


class _Answers:
    def acknowledge(self, _tags):
        """Take it."""

    refuse = acknowledge


@pytest.fixture
def store(engine):
    """Store outcomes as a worker does, twice; return what was counted."""

    def run(*outcomes):
        counters = Counters()
        answers: Any = _Answers()
        message: Any = None
        for _ in range(2):
            writer = GroupCommit(autocommit(engine), counters)
            writer.start()
            writer.submit(FinishedMessage(Delivery(message, 7, answers), outcomes))
            writer.close()
        return counters

    return run


def test_what_is_stored_counts_once_and_what_comes_again_as_late(engine, store):
    with engine.begin() as connection:
        made = [queue(connection, n=n) for n in (1_000, 2_000, 3_000)]
    works = [Work(one.id, "fibonacci", 1, one.arguments.text, "request") for one in made]
    error = failure_json("function-failed", "No.")
    counters = store(
        *(Outcome(work, make_result(), None) for work in works[:2]),
        Outcome(works[2], None, error),
    )
    assert counted(counters, FINISHED) == {
        ("fibonacci", "quick", "succeeded"): 2,
        ("fibonacci", "quick", "failed"): 1,
    }
    assert counted(counters, LATE_WRITES_REFUSED) == {("quick",): 3}
    assert counted(counters, COMPUTE_SECONDS) == {("fibonacci", "quick"): 2}
    assert counted(counters, WAITING_SECONDS) == {("quick",): 3}
    sums = counters.totals()
    assert sums[f"{RESULT_BYTES.name}_sum"] == {'["fibonacci"]': 2 * make_result().length}
    assert 0 <= sums[f"{WAITING_SECONDS.name}_sum"]['["quick"]'] < 600


def test_the_log_names_results_that_this_worker_has_stored_and_none_that_came_late(
    engine, store, caplog
):
    caplog.set_level(logging.INFO, "workers.quick.group_commit")
    with engine.begin() as connection:
        made = queue(connection, n=1_000)
    store(Outcome(Work(made.id, "fibonacci", 1, made.arguments.text, "r"), make_result(), None))
    named = [getattr(record, "calculation_id", None) for record in caplog.records]
    assert named == [made.id]
