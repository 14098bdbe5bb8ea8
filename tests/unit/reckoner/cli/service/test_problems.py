"""Exit statuses and sentences of the client's errors."""

from uuid import UUID

import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.service.problems import problems_described, sentence_of, status_of
from reckoner.client import errors
from reckoner.client.documents.problem import problem_from

_ID = UUID(int=5)


def response(kind: type[errors.ProblemResponse], status: int, name: str = "", **members: object):
    document = {"type": f"urn:reckoner:problem:{name}", "detail": "No.", **members}
    return kind(problem_from(document), status, "request-5")


STATUSES = [
    (errors.ServiceUnreachable("Gone."), ExitStatus.UNREACHABLE),
    (response(errors.NotFound, 404, "calculation-not-found"), ExitStatus.NOT_FOUND),
    (response(errors.InvalidRequest, 422, "unknown-function"), ExitStatus.NOT_FOUND),
    (response(errors.ProblemResponse, 410, "result-pruned"), ExitStatus.NOT_FOUND),
    (errors.ResultPruned(_ID), ExitStatus.NOT_FOUND),
    (response(errors.NotAllowed, 401, "unauthenticated"), ExitStatus.NOT_ALLOWED),
    (response(errors.NotAllowed, 403, "scope-missing"), ExitStatus.NOT_ALLOWED),
    (response(errors.InvalidRequest, 422, "invalid-arguments"), ExitStatus.USAGE),
    (response(errors.InvalidRequest, 413, "body-too-large"), ExitStatus.USAGE),
    (response(errors.LimitExceeded, 429, "key-limit"), ExitStatus.UNREACHABLE),
    (response(errors.LimitExceeded, 503, "queue-full"), ExitStatus.UNREACHABLE),
    (response(errors.ServerUnavailable, 503, "unavailable"), ExitStatus.UNREACHABLE),
    (response(errors.ServerUnavailable, 502), ExitStatus.UNREACHABLE),
    (response(errors.ServerUnavailable, 500, "internal"), ExitStatus.FAILED),
    (response(errors.ProblemResponse, 409, "already-final"), ExitStatus.FAILED),
    (response(errors.ProblemResponse, 409, "cancelled"), ExitStatus.CANCELLED),
    (response(errors.ProblemResponse, 409, "time-limit"), ExitStatus.FAILED),
    (errors.DigestMismatch(_ID, "a", "b"), ExitStatus.FAILED),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=lambda one: str(one)[:40])
def test_each_error_has_its_exit_status(error, status):
    assert status_of(error) == status
    with pytest.raises(CommandFailed) as caught, problems_described():
        raise error
    assert caught.value.status == status


def test_what_to_do_is_said():
    assert "RECKONER_KEY" in sentence_of(response(errors.NotAllowed, 401))
    assert "RECKONER_URL" in sentence_of(errors.ServiceUnreachable("Gone."))
    assert "request-5" in sentence_of(response(errors.ServerUnavailable, 500))


def test_several_faults_are_listed_and_not_too_many():
    faults = [{"pointer": f"/arguments/a{n}", "detail": "Wrong."} for n in range(100)]
    sentence = sentence_of(response(errors.InvalidRequest, 422, errors=faults))
    assert "\n  /arguments/a19: Wrong." in sentence
    assert "a20" not in sentence
    one = sentence_of(response(errors.InvalidRequest, 422, errors=faults[:1]))
    assert one == "No."


def test_what_nobody_can_read_is_cut():
    faults = [{"pointer": "/a", "detail": "x" * 10**6}] * 2
    error = response(errors.InvalidRequest, 422, detail="y" * 10**6, errors=faults)
    assert len(sentence_of(error)) < 20_000


def test_nothing_of_a_problem_moves_the_cursor():
    assert "\x1b" not in sentence_of(response(errors.NotFound, 404, detail="\x1b[2J"))
