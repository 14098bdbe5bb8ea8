"""The failures that exceptions of functions lead to: their reason, and what to do."""

import json

import pytest

from reckoner.authoring.errors import CalculationFailed
from shared.errors import (
    FunctionExited,
    FunctionUnknown,
    ResultInvalid,
    ResultTooLarge,
    ResultWrong,
)
from shared.failures import explain_failure, failure_json


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (FunctionUnknown("f", (), 2), "function-gone", "There is no function 'f' in version 2."),
        (FunctionUnknown("f", ()), "function-gone", "There is no function 'f'."),
        (ResultWrong("It is odd."), "result-wrong", "It is odd."),
        (ResultInvalid("It is a set."), "result-invalid", "It is a set."),
        (ResultTooLarge(10), "result-invalid", "RECKONER_MAX_RESULT_BYTES"),
        (ValueError("too odd"), "function-failed", "ValueError: too odd"),
    ],
)
def test_each_exception_has_a_reason_and_a_detail(error, reason, words):
    failure = explain_failure(error)
    assert failure.reason == reason
    assert words in failure.detail


class Unprintable(Exception):
    def __str__(self) -> str:
        raise KeyError("from __str__")


def test_an_exception_that_cannot_be_printed_is_named():
    detail = explain_failure(Unprintable()).detail
    assert detail == "Unprintable: its text cannot be shown (KeyError)"


def test_what_an_author_raises_on_purpose_is_told_in_words_alone():
    failure = explain_failure(CalculationFailed("singular matrix", row=3))
    assert failure == ("function-failed", "singular matrix", {"row": 3}, False)
    stored = json.loads(failure_json(*failure[:3]))
    assert (stored["detail"], stored["details"]) == ("singular matrix", {"row": 3})


def test_a_failure_without_words_says_so():
    failure = explain_failure(CalculationFailed(""))
    assert failure.detail == "The function gave no reason."


def test_what_would_end_the_process_is_told_with_what_to_do():
    failure = explain_failure(FunctionExited(SystemExit(3)))
    assert failure.detail.startswith("The function raised SystemExit. A function must return")
    assert failure.has_traceback


@pytest.mark.parametrize(
    "details",
    [
        {"x": "y" * 8_192},
        {"x": {1}},
        {"x": float("nan")},
        {"x": 10**5_000},
        ["x"],
        None,
        {},
    ],
)
def test_details_that_cannot_be_stored_or_read_are_left_out(details):
    assert "details" not in json.loads(failure_json("function-failed", "It failed.", details))


def test_details_that_postgresql_cannot_store_are_replaced():
    details = {"a\0": ["\ud800", {"b": 0.5}], "n": 10**4_000}
    stored = json.loads(failure_json("function-failed", "It failed.", details))
    assert stored["details"] == {"a\N{REPLACEMENT CHARACTER}": ["?", {"b": 0.5}], "n": 10**4_000}


def test_the_text_of_an_exception_is_limited():
    assert len(explain_failure(ValueError("x" * 10_000)).detail) == 500


def test_what_postgresql_cannot_store_is_replaced():
    failure = json.loads(failure_json("function-failed", "NUL \0, a lone surrogate \ud800"))
    assert failure["detail"] == "NUL �, a lone surrogate ?"
