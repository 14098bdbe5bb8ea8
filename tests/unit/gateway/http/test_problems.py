"""Every error that a client can cause has its own problem document."""

import asyncio
import inspect
import json
import re
from pathlib import Path
from uuid import uuid4

import falcon
import falcon.asgi
import falcon.testing
import pytest

from gateway.http.errors import describe, handle_error
from gateway.http.problems import MALFORMED_REQUEST, write_problem
from reckoner.authoring.faults import Fault
from shared import errors
from shared.keys.scope import Scope

SAMPLES = [
    errors.FunctionUnknown("x", ["fibonacci"]),
    errors.FunctionNotFound("x", ["fibonacci"]),
    errors.ArgumentsInvalid([Fault("/n", "n must be a number.")]),
    errors.BodyInvalid("The body is nested too deeply."),
    errors.BodyTooLarge(65_536),
    errors.MediaTypeUnsupported(None),
    errors.CalculationTooLarge(10, 5),
    errors.QueueLimitExceeded("seconds", 60, 10, 3_600, 7, None),
    errors.QueueLimitExceeded("bytes", 60, 10, 3_600, 1, "shop"),
    errors.QueueFull("bytes", 1e12, 9e11, 2e11, 30),
    errors.KeyLimitReached("calculations", 10, 10, 1, 30, "shop"),
    *(errors.Unauthenticated(fault) for fault in errors.KeyFault),
    errors.ScopeMissing(Scope.SUBMIT),
    errors.RateExceeded(0.5, 2),
    errors.KeySecondsExceeded(60, 10, 3),
    errors.HostUnknown(None),
    errors.CrossSiteRefused(is_get=True),
    errors.CrossSiteRefused(is_get=True, is_told=False),
    errors.KeyChecksBusy(),
    errors.CalculationNotFound("x"),
    errors.CalculationFinal(uuid4(), "succeeded"),
    errors.ResultNotFinished(uuid4(), "queued", 1),
    errors.ResultMissing(uuid4(), "failed", None),
    errors.ResultPruned(uuid4()),
    errors.StoreUnavailable(),
]

OTHERS = [falcon.HTTPMethodNotAllowed(["GET"]), falcon.HTTPBadRequest(), KeyError("a bug")]

_ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_says_what_is_wrong_and_what_to_do(error):
    problem = describe(error)
    assert 400 <= problem.status < 600
    assert problem.status != 500
    assert re.fullmatch(r"[A-Z/].+\. [A-Z].+\.", problem.detail)
    assert "<" not in problem.detail  # as in the repr of an object


def test_a_limit_of_calculations_is_said_in_numbers_of_them():
    problem = describe(errors.KeyLimitReached("calculations", 1_000, 999, 2, 30, "shop"))
    assert problem.detail == (
        "The key shop has 999 unfinished calculations of at most 1,000, and the request adds 2; "
        "nothing of it was stored. Resubmit it in 30 s."
    )


def test_the_seconds_of_a_calculation_are_those_of_its_document():
    problem = describe(errors.KeySecondsExceeded(1.6600000186403943, 1, None))
    assert problem.members["seconds"] == 1.66


def test_every_error_of_a_request_is_among_the_samples():
    bases = {
        errors.RequestFault,
        errors.AdmissionRefused,
        errors.AccessRefused,
        errors.ResultUnavailable,
    }
    faults = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, tuple(bases))
    }
    described = {type(error) for error in SAMPLES}
    assert faults - described == bases


def test_a_problem_replaces_the_whole_response():
    async def pieces():
        yield b"9"

    async def events():
        yield falcon.asgi.SSEvent(data=b"9")

    response = falcon.asgi.Response()
    for name in ("ETag", "Repr-Digest", "Content-Encoding", "X-Accel-Expires", "Retry-After"):
        response.set_header(name, "gzip")
    response.append_header("Vary", "Accept-Encoding")
    response.status = falcon.HTTP_206
    response.content_length = 5
    response.cache_control = ["public", "max-age=31536000"]
    response.text, response.stream, response.sse = "9", pieces(), events()
    write_problem(response, describe(errors.ResultPruned(uuid4())))
    assert response.status_code == 410
    assert response.headers == {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
    }
    assert not any((response.text, response.stream, response.sse))
    assert json.loads(response.data or b"")["status"] == 410


def test_a_bug_is_a_500_that_reveals_nothing():
    problem = describe(KeyError("secret"))
    assert problem.status == 500
    assert "secret" not in problem.detail


def test_problems_of_nginx_have_the_same_titles_and_form():
    template = _ROOT / "compose" / "nginx" / "reckoner.conf.template"
    found = re.findall(
        r'"type":"urn:reckoner:problem:([a-z-]+)","title":"([^"]+)",.*"detail":"([^"]+)"',
        template.read_text(),
    )
    problems = [MALFORMED_REQUEST, *(describe(error) for error in [*SAMPLES, *OTHERS])]
    titles = {problem.name: problem.title for problem in problems}
    shared_with_nginx = [name for name, _, _ in found if name in titles]
    assert len(shared_with_nginx) >= 5
    assert {name: title for name, title, _ in found if name in titles} == {
        name: titles[name] for name in shared_with_nginx
    }
    sentences = re.search(r"\$reckoner_unavailable \{(.+?)\}", template.read_text(), re.DOTALL)
    assert sentences is not None
    for sentence in re.findall(r'"(.+)"', sentences[1]):
        for _, _, detail in found:
            whole = detail.replace("$reckoner_unavailable", sentence)
            assert re.fullmatch(r"[A-Z].+\. [A-Z].+\.", whole)


def test_the_log_of_a_bug_holds_no_key_that_a_client_put_into_the_path(caplog):
    key = "rk_0a1b2c3d4e5f_" + "ab" * 32
    request = falcon.testing.create_asgi_req(path=f"/calculations/{key}")
    asyncio.run(handle_error(request, falcon.asgi.Response(), KeyError("a bug"), {}))
    assert "A request failed: GET" in caplog.text
    assert key not in caplog.text
