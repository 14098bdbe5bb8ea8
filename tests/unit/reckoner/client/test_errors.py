"""Errors survive pickling, and say what is wrong and what to do."""

import pickle
from dataclasses import FrozenInstanceError
from uuid import UUID

import pytest

from reckoner import client
from reckoner.client import (
    CalculationCancelled,
    CalculationFailed,
    DigestMismatch,
    ProblemResponse,
    ReckonerError,
    ResultPruned,
    ServiceUnreachable,
    WaitTimeout,
)
from reckoner.client.documents.calculation import calculation_from
from reckoner.client.documents.problem import problem_from
from tests.unit.reckoner.client.playing import ID, document, unfinished

PROBLEM = {
    "type": "urn:reckoner:problem:function-failed",
    "title": "Failed",
    "status": 409,
    "detail": "The matrix is singular. Give another.",
    "errors": [{"pointer": "/arguments/n", "detail": "n is wrong."}],
    "details": {"row": 10**30},
}
FAILED = calculation_from(document(status="failed", result=None, error=PROBLEM))
CANCELLED = calculation_from(document(status="cancelled", result=None, cancelled_by="ops"))

PROBLEMS: list[type[ProblemResponse]] = [ProblemResponse, *ProblemResponse.__subclasses__()]

ERRORS = [
    ServiceUnreachable("It cannot be reached. Start it."),
    *(kind(problem_from(PROBLEM), 409, "abc") for kind in PROBLEMS),
    CalculationFailed(FAILED),
    CalculationCancelled(CANCELLED),
    WaitTimeout(calculation_from(unfinished("running"))),
    ResultPruned(UUID(ID)),
    DigestMismatch(UUID(ID), "aa", "bb"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.args == error.args
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_what_is_wrong_and_what_to_do(error):
    assert isinstance(error, ReckonerError)
    assert str(error).count(". ") >= 1
    assert str(error).endswith(".")


def test_all_errors_are_exported():
    def below(kind):
        return {kind}.union(*map(below, kind.__subclasses__()))

    names = {kind.__name__ for kind in below(ReckonerError) if not kind.__name__.startswith("_")}
    assert names <= set(client.__all__)


def test_a_failure_has_the_problem_and_the_calculation():
    error = CalculationFailed(FAILED)
    assert str(error) == PROBLEM["detail"]
    assert error.problem.document["details"] == {"row": 10**30}
    assert error.problem.errors[0].pointer == "/arguments/n"
    assert error.calculation.id == UUID(ID)
    assert "by ops" in str(CalculationCancelled(CANCELLED))
    nameless = calculation_from(document(status="failed", result=None))
    assert "Submit it again" in str(CalculationFailed(nameless))


def test_documents_are_frozen_and_can_be_pickled():
    assert pickle.loads(pickle.dumps(FAILED)) == FAILED  # noqa: S301
    with pytest.raises(FrozenInstanceError):
        FAILED.status = "succeeded"  # type: ignore[misc]


@pytest.mark.parametrize("members", [{}, {"detail": None, "errors": 5}, {"errors": [1, {}]}])
def test_a_problem_may_lack_members(members):
    assert problem_from(members).detail == "Problem"
