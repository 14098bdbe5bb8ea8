"""What is said of queues, dead letters, limits, stored results, failures and clocks."""

from datetime import timedelta
from typing import Any

import pytest

from shared.calculation import Lane
from shared.diagnosis.problem import Severity, counted, duration
from shared.diagnosis.queues import (
    admission_problems,
    dead_letter_problems,
    waiting_problems,
)
from shared.diagnosis.recent import clock_problems, failure_problems, history_problems
from shared.diagnosis.storage import late_retention_problems, storage_problems
from shared.store.history import Span, Step
from shared.store.retention.state import Storage
from tests.factories import MOMENT


def step(**overrides):
    names = ("accepted", "succeeded", "failed", "cancelled", "queued", "running")
    values: dict[str, Any] = dict.fromkeys(names, 0)
    values |= {"outbox_depth": 0, "outbox_age_seconds": 0.0, "workers": 1, "slots": 1}
    values |= {"started_at": MOMENT, "lane": Lane.QUICK, "seconds": 60.0}
    return Step(**{**values, "waiting": (), "computing": (), **overrides})


@pytest.mark.parametrize(("lane", "seconds"), [(Lane.QUICK, 61.0), (Lane.HEAVY, 3_601.0)])
def test_a_calculation_that_has_waited_too_long_is_told_where_there_are_workers(lane, seconds):
    (found,) = waiting_problems(lane, seconds, 1)
    assert found.severity is Severity.WARNING
    assert f"A calculation of the {lane} lane has waited for" in found.text
    assert not list(waiting_problems(lane, seconds - 2, 1))
    assert not list(waiting_problems(lane, None, 1))
    assert not list(waiting_problems(lane, seconds, 0))  # which is said elsewhere


def test_dead_letters_are_counted_by_lane():
    (found,) = dead_letter_problems({Lane.QUICK: 0, Lane.HEAVY: 3})
    assert "heavy lane have rejected 3 messages" in found.text
    assert "redrive" in found.remedy


def test_a_queue_that_is_nearly_full_names_its_setting():
    assert not list(admission_problems(90.0, 100.0, 1e9, 0))
    (found,) = admission_problems(91.0, 100.0, 1e9, 0)
    assert found.text.startswith("91% of the estimated seconds")
    assert "RECKONER_MAX_QUEUED_SECONDS" in found.remedy
    (found,) = admission_problems(0.0, 100.0, 95, 100)
    assert "RECKONER_MAX_QUEUED_BYTES" in found.remedy


def storage(size=0, fault=None):
    return Storage(1, size, True, MOMENT, MOMENT, fault)


def test_retention_that_fails_is_a_fault_and_a_limit_that_is_near_a_note():
    assert not list(storage_problems(storage(90), 100))
    assert not list(storage_problems(storage(91), 0))
    (found,) = storage_problems(storage(91), 100)
    assert (found.severity, "91% of RECKONER_RETENTION_BYTES" in found.text) == ("note", True)
    (found,) = storage_problems(storage(fault="The clock was set back."), 0)
    assert found.severity is Severity.FAULT
    assert found.text == "Retention does not work: The clock was set back."


def test_retention_that_has_not_run_lately_is_told_where_there_is_a_limit():
    late = MOMENT + timedelta(minutes=16)
    (found,) = late_retention_problems(MOMENT, late, has_limit=True)
    assert "16 minutes ago" in found.text
    assert not list(late_retention_problems(MOMENT, late, has_limit=False))
    assert not list(late_retention_problems(None, late, has_limit=True))
    soon = MOMENT + timedelta(minutes=14)
    assert not list(late_retention_problems(MOMENT, soon, has_limit=True))


def test_many_failures_are_more_than_ten_and_more_than_a_tenth():
    assert not list(failure_problems([step(failed=10)]))
    assert not list(failure_problems([step(failed=11, succeeded=100)]))
    (found,) = failure_problems(
        [step(failed=6, succeeded=10), step(failed=6), step(lane=Lane.HEAVY)]
    )
    assert found.text.startswith("12 of the 22 calculations of the quick lane")


def test_a_history_that_stands_still_is_told_while_relays_run():
    late = Span(MOMENT + timedelta(seconds=301), None, MOMENT)
    (found,) = history_problems(late, is_relay_alive=True)
    assert "has not been written for 5 minutes" in found.text
    assert not list(history_problems(late, is_relay_alive=False))
    assert not list(history_problems(Span(MOMENT, None, MOMENT), is_relay_alive=True))
    assert not list(history_problems(Span(MOMENT, None, None), is_relay_alive=True))


@pytest.mark.parametrize("seconds", [-30, 30])
def test_clocks_that_differ_are_told_beyond_what_reading_them_took(seconds):
    (found,) = clock_problems(MOMENT + timedelta(seconds=seconds), MOMENT, 0.1)
    assert "differ by 30 s" in found.text
    assert not list(clock_problems(MOMENT + timedelta(seconds=seconds), MOMENT, 29))
    assert not list(clock_problems(MOMENT + timedelta(seconds=1), MOMENT, 0.1))


def test_numbers_are_spelled_as_people_say_them():
    assert counted(1, "message", "wait") == "1 message waits"
    assert counted(1_200, "message", "wait") == "1,200 messages wait"
    assert [duration(s) for s in (5, 119, 120, 7_300, 200_000)] == [
        *("5 s", "119 s", "2 minutes", "2 hours", "2 days")
    ]
