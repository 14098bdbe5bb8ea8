"""Digits of real child processes: they arrive whole, and nothing else gets among them."""

import dataclasses
import hashlib

import pytest

from reckoner.authoring.results.kinds import ResultKind
from tests.unit.workers.sandbox.running import (
    compute,
    failure_of,
    fork,
    make_request,
    receive_all,
    start,
)
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.protocol import Header


@pytest.mark.parametrize("function", ["repeat", "whole"])
@pytest.mark.parametrize("n", [1, 20, 8_192, 8_193, 3_000_000])
def test_digits_arrive_whole_and_with_their_digest(function, n):
    with start(function, n) as child:
        digits = receive_all(child)
        assert digits == b"7" * n
        assert child.summary.compute_seconds >= 0
        assert child.summary.length == len(digits)
        assert child.summary.sha256 == hashlib.sha256(digits).hexdigest()
        assert child.header == Header(ResultKind.DIGITS, None, "residue")


def test_progress_arrives():
    received: list[float] = []
    with start("repeat", 3_000_000) as child:
        receive_all(child, on_progress=received.append)
    assert received
    assert all(0 <= fraction <= 1 for fraction in received)


def test_nothing_that_a_function_prints_gets_among_its_digits():
    assert compute("talk", 100) == b"7" * 100


def test_a_flood_on_standard_error_does_not_block_the_digits():
    with start("talk_much_to_stderr", 3_000) as child:
        assert len(receive_all(child)) == 3_000
        assert 0 < len(child.stderr) <= 4096


@pytest.mark.parametrize("function", ["fork_and_forget", "fork_between_pieces"])
def test_a_forgotten_fork_does_not_answer_twice(function):
    assert compute(function, 100) == b"7" * 100


def test_digits_that_fail_their_check_are_a_wrong_result():
    assert failure_of("wrong").reason == "result-wrong"


@pytest.mark.parametrize("function", ["words", "nothing"])
def test_what_is_no_number_is_an_invalid_result(function):
    assert failure_of(function).reason == "result-invalid"


def test_an_exception_of_the_function_is_named_in_a_limited_detail():
    failure = failure_of("fail")
    assert failure.reason == "function-failed"
    assert failure.detail.startswith("ValueError: no such number")
    assert len(failure.detail) <= 500


def test_progress_that_is_no_number_is_told_whenever_it_is_reported():
    assert failure_of("misreport").detail.startswith("ValueError: could not convert")


@pytest.mark.parametrize(("function", "version"), [("repeat", 2), ("unheard-of", 1)])
def test_a_function_that_is_not_installed_is_gone(function, version):
    assert failure_of(function, version=version).reason == "function-gone"


def test_garbage_among_the_frames_ends_the_calculation():
    failure = failure_of("garbage", 100)
    assert failure.reason == "process-died"
    assert "invalid frame" in failure.detail


def test_a_request_longer_than_a_pipe_arrives_whole():
    request = dataclasses.replace(
        make_request("whole"), arguments_text='{"n":10' + " " * 1_000_000 + "}"
    )
    with Sandbox(request, fork()) as child:
        assert receive_all(child)
