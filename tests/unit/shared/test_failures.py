"""The failures that exceptions of functions lead to: their reason, and what to do."""

import json

import pytest

from shared.errors import FunctionUnknown, ResultWrong
from shared.failures import explain_failure, failure_json


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (FunctionUnknown("f", (), 2), "function-gone", "There is no function 'f' in version 2."),
        (FunctionUnknown("f", ()), "function-gone", "There is no function 'f'."),
        (ResultWrong("f"), "result-wrong", "Report this to the function's author."),
        (ValueError("too odd"), "function-failed", "ValueError: too odd"),
    ],
)
def test_each_exception_has_a_reason_and_a_detail(error, reason, words):
    found, detail = explain_failure(error)
    assert found == reason
    assert words in detail


def test_the_text_of_an_exception_is_limited():
    _, detail = explain_failure(ValueError("x" * 10_000))
    assert len(detail) == 500


def test_what_postgresql_cannot_store_is_replaced():
    failure = json.loads(failure_json("function-failed", "NUL \0, a lone surrogate \ud800"))
    assert failure["detail"] == "NUL �, a lone surrogate ?"
