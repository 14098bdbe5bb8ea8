"""Waiting: how long requests are held, what is told meanwhile, and what an end raises."""

import pytest

from reckoner.client import (
    CalculationCancelled,
    CalculationFailed,
    ProblemResponse,
    Progress,
    WaitTimeout,
)
from reckoner.client.operations.submission import cancel, run
from reckoner.client.operations.waiting import wait
from tests.unit.reckoner.client.playing import ID, answer, document, problem, service, unfinished


def held(player, seconds, *answers):
    """Yield answers, each after its request was held for so long."""
    for one in answers:
        player.now += seconds
        yield one


def preferred(player):
    return [call.headers.get("Prefer") for call in player.calls]


def test_a_run_is_one_request_if_it_is_finished_in_time(player):
    player.answers = iter([answer(document())])
    found = player.play(run(service(), "fibonacci", {"n": 30}, None, None))
    assert (str(found.id), found.status) == (ID, "succeeded")
    assert preferred(player) == ["wait=60"]
    assert player.calls[0].read_seconds == 60


def test_a_run_goes_on_with_waits_until_it_is_final(player):
    answers = [answer(unfinished(), 202), answer(unfinished("running")), answer(document())]
    player.answers = held(player, 60, *answers)
    player.play(run(service(), "fibonacci", {"n": 30}, None, None))
    assert [call.method for call in player.calls] == ["POST", "GET", "GET"]
    assert preferred(player) == ["wait=60"] * 3
    assert player.sleeps == []


def test_a_run_raises_what_has_become_of_it(player):
    error = {"type": "urn:reckoner:problem:time-limit", "detail": "Too long. Ask for less."}
    player.answers = iter([answer(document(status="failed", result=None, error=error))])
    with pytest.raises(CalculationFailed, match="Too long"):
        player.play(run(service(), "fibonacci", {"n": 30}, None, None))
    player.answers = iter([answer(document(status="cancelled", result=None))])
    with pytest.raises(CalculationCancelled):
        player.play(run(service(), "fibonacci", {"n": 30}, None, None))


def test_a_time_out_ends_the_waiting_and_not_the_calculation(player):
    player.answers = held(player, 3, answer(unfinished(), 202), answer(unfinished("running")))
    with pytest.raises(WaitTimeout) as raised:
        player.play(run(service(), "fibonacci", {"n": 30}, None, 5.5))
    assert raised.value.calculation.status == "running"
    assert preferred(player) == ["wait=5", "wait=2"]
    assert {call.method for call in player.calls} == {"POST", "GET"}


def test_what_is_left_of_a_second_is_slept(player):
    player.answers = iter([answer(unfinished(), 202), answer(document())])
    player.play(run(service(), "fibonacci", {"n": 30}, None, 0.5))
    assert player.sleeps == [0.5]
    assert preferred(player) == [None, None]


def test_a_time_out_of_zero_submits_and_looks_once(player):
    player.answers = iter([answer(unfinished(), 202)])
    with pytest.raises(WaitTimeout):
        player.play(run(service(), "fibonacci", {"n": 30}, None, 0))


def test_progress_is_told_about_once_a_second_with_what_is_left(player):
    told: list[Progress] = []
    running = [unfinished("running", progress=p, attempts=1) for p in (0.0, 0.01, 0.25, 0.5)]
    answers = [
        answer(unfinished(), 202, Retry_After="40"),
        *(answer(one, Retry_After="30") for one in running),
        answer(document()),
    ]
    player.answers = held(player, 1, *answers)
    player.play(run(service(), "fibonacci", {"n": 30}, told.append, None))
    assert preferred(player) == ["wait=1"] * 6
    assert [one.fraction for one in told] == [0, 0, 0.01, 0.25, 0.5, 1]
    # First the service's own word, then what the progress of the last seconds says.
    assert [one.seconds_left for one in told] == [40, 30, 30, 6.0, 3.0, 0]
    estimate = told[0].calculation.estimate
    assert estimate is not None
    assert estimate.seconds == 0.5


def test_another_attempt_begins_to_judge_again(player):
    told: list[Progress] = []
    answers = [
        answer(unfinished("running", progress=0.1, attempts=1), Retry_After="9"),
        answer(unfinished("running", progress=0.5, attempts=1), Retry_After="8"),
        answer(unfinished("running", progress=0.2, attempts=2), Retry_After="7"),
        answer(document()),
    ]
    player.answers = held(player, 1, *answers)
    player.play(wait(service(), ID, told.append, None))
    assert [one.seconds_left for one in told] == [9, 1.25, 7, 0]


def test_a_preference_that_is_not_honoured_is_no_busy_loop(player):
    player.answers = iter([answer(unfinished())] * 4 + [answer(document())])
    player.play(wait(service(), ID, None, None))
    assert player.sleeps == [1.0] * 3


def test_a_cancel_whose_answer_was_lost_is_a_cancel(player):
    player.answers = iter(
        [problem(409, "already-final"), answer(document(status="cancelled", result=None))]
    )
    assert player.play(cancel(service(), ID)).status == "cancelled"
    player.answers = iter([problem(409, "already-final"), answer(document())])
    with pytest.raises(ProblemResponse) as raised:
        player.play(cancel(service(), ID))
    assert raised.value.problem.name == "already-final"
