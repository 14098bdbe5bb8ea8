"""The failures that exceptions of functions lead to: their reason, and what to do."""

import json

import pytest

from shared.errors import FunctionUnknown, ResultInvalid, ResultTooLarge, ResultWrong
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


def test_the_text_of_an_exception_is_limited():
    assert len(explain_failure(ValueError("x" * 10_000)).detail) == 500


def test_what_postgresql_cannot_store_is_replaced():
    failure = json.loads(failure_json("function-failed", "NUL \0, a lone surrogate \ud800"))
    assert failure["detail"] == "NUL �, a lone surrogate ?"
