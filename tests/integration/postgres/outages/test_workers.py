"""Workers try again after outages and conflicts, and not after bugs."""

import logging
import threading
import time
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.calculation import Lane, Status, Work
from shared.calculator import Calculator
from shared.store.new_calculations import insert_queued
from tests.child_with_test_functions import COMMAND
from tests.engines import autocommit
from tests.eventually import eventually
from tests.integration.lanes import make_test_calculation
from tests.integration.postgres.outages.failures import BUGS, CODES, FEW, errors_in, raises, tries
from tests.integration.rows import WORKER, claim, queue, row_of
from workers.broker.consumer import Delivery
from workers.heavy.attempt import Attempt
from workers.heavy.lease import Lease, Leases
from workers.presence import Presence, Watermark
from workers.quick.group_commit import FinishedMessage, GroupCommit, Outcome
from workers.sandbox.outside.children import Children


class Answers:
    """A consumer that records how messages were answered."""

    def __init__(self):
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        self.acknowledge = self.acknowledged.extend
        self.refuse = self.refused.append

    def __bool__(self):
        return bool(self.acknowledged or self.refused)


@pytest.mark.parametrize("code", CODES)
def test_a_quick_result_is_stored_after_an_outage(engine, monkeypatch, code):
    monkeypatch.setattr("shared.postgres.retry._FIRST_PAUSE_SECONDS", 0.01)
    raises(engine, code, before="UPDATE ON calculations", times=2)
    with engine.begin() as connection:
        calculation = queue(connection)
    computed = Calculator().compute(calculation.function, calculation.arguments)
    work = Work(calculation.id, "fibonacci", 1, calculation.arguments.text, "request")
    answers: Any = Answers()
    message: Any = None
    outcome = Outcome(work, computed, None)
    writer = GroupCommit(autocommit(engine))
    writer.start()
    writer.submit(FinishedMessage(Delivery(message, 7, answers), [outcome]))
    eventually(lambda: answers)
    writer.close()
    with engine.begin() as connection:
        status = row_of(connection, calculation).status
    if code in BUGS:
        assert (answers.refused, answers.acknowledged, status) == ([7], [], Status.QUEUED)
    else:
        assert (answers.refused, answers.acknowledged, status) == ([], [7], Status.SUCCEEDED)


@pytest.mark.parametrize("code", FEW)
@pytest.mark.parametrize(
    ("digits", "before"),
    [
        (10, "UPDATE OF result_digits ON calculations"),
        (10_000, "INSERT ON result_chunks"),  # by COPY
    ],
)
def test_a_heavy_result_is_stored_after_an_outage(
    engine, store_settings, monkeypatch, code, digits, before
):
    monkeypatch.setattr("shared.postgres.retry._FIRST_PAUSE_SECONDS", 0.01)
    raises(engine, code, before=before, times=2)
    calculation = make_test_calculation("whole", digits, Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    lease = Lease(claimed, time.monotonic() + 60)
    attempt = Attempt(lease, store_settings, engine, WORKER, Children(child_command=COMMAND))
    if code in BUGS:
        with pytest.raises(DBAPIError):
            attempt.run()
        return
    attempt.run()
    with engine.begin() as connection:
        row = row_of(connection, calculation)
    assert (row.status, row.attempt, row.result_digits) == ("succeeded", 1, digits)


@pytest.mark.parametrize("code", FEW)
def test_a_lease_is_renewed_after_an_outage_and_a_bug_is_an_error(engine, caplog, code):
    with engine.begin() as connection:
        claimed = claim(connection, queue(connection, lane=Lane.HEAVY))
    raises(engine, code, before="UPDATE OF lease_until ON calculations", times=2)
    leases = Leases(engine, WORKER, lease_seconds=60, heartbeat_seconds=0.01)
    lease = leases.hold(claimed, time.monotonic())
    leases.start()
    eventually(lambda: tries(engine) > 2)
    leases.close()
    assert lease.end is None
    level = logging.ERROR if code in BUGS else logging.WARNING
    assert errors_in(caplog, "workers.heavy.lease") == {level}


@pytest.mark.parametrize("code", FEW)
def test_presence_is_written_after_an_outage_and_a_bug_is_an_error(
    engine, caplog, monkeypatch, code
):
    monkeypatch.setattr("workers.presence._START_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    raises(engine, code, before="INSERT ON workers", times=2)
    presence = Presence(engine, WORKER, Watermark(), lane=Lane.QUICK, slots=1, offers=set)
    assert presence.start(threading.Event())
    with engine.begin() as connection:
        connection.execute(text("ALTER SEQUENCE failing.tries RESTART"))
    eventually(lambda: tries(engine) > 2)
    presence.close()
    level = logging.ERROR if code in BUGS else logging.WARNING
    assert errors_in(caplog, "workers.presence") == {level}
