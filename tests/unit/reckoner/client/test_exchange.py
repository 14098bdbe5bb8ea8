"""What is repeated, how often, and what becomes of what is not answered."""

import ssl

import httpx
import pytest

from reckoner.client import (
    InvalidRequest,
    LimitExceeded,
    NotAllowed,
    NotFound,
    ProblemResponse,
    Retries,
    ServerUnavailable,
    ServiceUnreachable,
)
from reckoner.client.transport.retries import as_retries, backoff_seconds, parse_retry_after
from reckoner.client.transport.steps import Call
from tests.unit.reckoner.client.playing import URL, answer, problem, service

CALL = Call("GET", "/functions")
REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
CUT = httpx.RemoteProtocolError("Server disconnected without sending a response.")


def ask(player, answers, *, seconds=None, **limits):
    player.answers = iter(answers)
    return player.play(service(**limits).ask(CALL, seconds=seconds))


@pytest.mark.parametrize(
    "failure",
    [
        REFUSED,
        CUT,
        httpx.ReadTimeout("timed out"),
        httpx.ProxyError("503 Service Unavailable"),
        httpx.DecodingError("not gzip"),
        problem(503, "unavailable"),
        problem(429, "rate-exceeded"),
        httpx.Response(502, html="<h1>Bad Gateway</h1>"),
        httpx.Response(504, text="upstream"),
        httpx.Response(
            200, content=b'{"functions": [', headers={"Content-Type": "application/json"}
        ),
    ],
    ids=str,
)
def test_what_may_pass_is_repeated(player, failure):
    assert ask(player, [failure, failure, answer({"x": 1})]).document == {"x": 1}
    assert len(player.calls) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        *(problem(status, "no") for status in (400, 401, 403, 404, 409, 410, 413, 415, 422, 500)),
        httpx.Response(404, html="<h1>Not Found</h1>"),
        httpx.Response(200, html="<h1>Log in</h1>"),
        httpx.Response(302, headers={"Location": "https://elsewhere.test/login"}),
        httpx.Response(407, text="password"),
    ],
    ids=str,
)
def test_what_is_an_answer_is_not_repeated(player, refusal):
    with pytest.raises((ProblemResponse, ServiceUnreachable)):
        ask(player, [refusal])
    assert len(player.calls) == 1


def test_all_attempts_have_one_request_id(player):
    ask(player, [REFUSED, problem(503, "unavailable"), answer({})])
    ids = {call.headers["X-Request-ID"] for call in player.calls}
    assert len(ids) == 1
    ask(player, [answer({})])
    assert player.calls[-1].headers["X-Request-ID"] not in ids


def test_pauses_double_up_to_a_bound_and_depend_on_chance(player):
    with pytest.raises(ServiceUnreachable):
        ask(player, [REFUSED] * 10, seconds=None)
    assert len(player.sleeps) == 9
    bounds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8, 8]
    assert all(b / 2 <= pause <= b for pause, b in zip(player.sleeps, bounds, strict=True))
    assert len({backoff_seconds(3) for _ in range(20)}) > 1


def test_a_pause_is_as_long_as_the_service_asks_for(player):
    ask(player, [problem(429, "rate-exceeded", Retry_After="7"), answer({})])
    assert 7 <= player.sleeps[0] <= 7.25


def test_a_pause_beyond_the_limit_is_not_made(player):
    with pytest.raises(LimitExceeded):
        ask(player, [problem(503, "queue-full", Retry_After="61")])
    assert player.sleeps == []


def test_the_attempts_are_limited_in_number(player):
    with pytest.raises(ServerUnavailable):
        ask(player, [problem(503, "unavailable")] * 3, attempts=3)
    assert len(player.calls) == 3


def test_the_attempts_are_limited_in_time_from_the_first_failure(player):
    def held_then_refused():
        player.now += 50  # as a request that waits for a result
        yield problem(503, "unavailable", Retry_After="9")
        yield problem(503, "unavailable", Retry_After="9")

    player.answers = held_then_refused()
    with pytest.raises(ServerUnavailable):
        player.play(service(attempts=99, seconds=10).ask(CALL))
    assert len(player.calls) == 2


def test_the_time_of_whoever_asks_counts_from_the_beginning(player):
    with pytest.raises(ServerUnavailable):
        ask(player, [problem(503, "unavailable", Retry_After="2")] * 9, seconds=5)
    assert len(player.calls) == 3


def test_no_repetitions_are_one_attempt(player):
    assert as_retries(0) == Retries(attempts=1)
    assert as_retries(3).attempts == 4
    with pytest.raises(ServiceUnreachable):
        ask(player, [REFUSED], attempts=1)
    with pytest.raises(ValueError, match="at least 1 attempt"):
        Retries(attempts=0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("12", 12), (" 3 ", 3), ("soon", None), ("-1", None), ("9" * 50, 999_999_999)],
)
def test_retry_after(header, seconds):
    assert parse_retry_after(header) == seconds


def test_retry_after_may_be_a_date():
    assert parse_retry_after("Thu, 26 Nov 2020 10:00:00 GMT") == 0
    assert (parse_retry_after("Thu, 26 Nov 2999 10:00:00 -0000") or 0) > 1e9


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "not-json", InvalidRequest),
        (401, "unauthenticated", NotAllowed),
        (403, "scope-missing", NotAllowed),
        (404, "calculation-not-found", NotFound),
        (409, "already-final", ProblemResponse),
        (413, "body-too-large", InvalidRequest),
        (422, "invalid-arguments", InvalidRequest),
        (429, "key-limit", LimitExceeded),
        (500, "internal", ServerUnavailable),
        (503, "queue-full", LimitExceeded),
        (503, "unavailable", ServerUnavailable),
    ],
)
def test_each_problem_has_its_exception_with_the_document(player, status, name, kind):
    with pytest.raises(ProblemResponse) as raised:
        ask(player, [problem(status, name)], attempts=1)
    error = raised.value
    assert type(error) is kind
    assert (error.status, error.problem.name, error.request_id) == (status, name, "abc")
    assert error.type == f"urn:reckoner:problem:{name}"
    assert str(error) == "Wrong. Do better."


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(404, html="<h1>Nothing</h1>"), "which is not Reckoner"),
        (httpx.Response(404, json={"detail": "Not Found"}), "which is not Reckoner"),
        (httpx.Response(200, html="<h1>Log in</h1>"), "which is not Reckoner"),
        (httpx.Response(200, json=[1]), "unknown form"),
        (httpx.Response(204), "nothing that says what it is"),
        (httpx.Response(308, headers={"Location": "https://u:p@b.test/x"}), "to https://b.test,"),
        (httpx.Response(301, headers={"Location": "/x"}), "to another path"),
        (httpx.Response(407, text="no"), "proxy"),
    ],
)
def test_what_is_not_reckoners_is_unreachable_and_said_in_a_sentence(player, response, words):
    from reckoner.client.operations.catalogue import functions

    player.answers = iter([response])
    with pytest.raises(ServiceUnreachable, match=words) as raised:
        player.play(functions(service(attempts=1)))
    assert URL in str(raised.value) or "proxy" in str(raised.value)


def test_a_proxys_page_for_an_outage_is_an_outage(player):
    with pytest.raises(ServerUnavailable, match="502 Bad Gateway, and not by a problem document"):
        ask(player, [httpx.Response(502, html="<h1>Bad</h1>")], attempts=1)


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b'{"type"', b"\xff", b"[" * 100_000])
def test_a_broken_problem_document_is_no_traceback(player, content):
    headers = {"Content-Type": "application/problem+json"}
    with pytest.raises(ServiceUnreachable, match="not Reckoner"):
        ask(player, [httpx.Response(422, content=content, headers=headers)])


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (REFUSED, "cannot be reached: .*Connection refused"),
        (httpx.ConnectTimeout(""), "cannot be reached: no answer in time"),
        (httpx.ReadTimeout(""), "did not answer in time"),
        (CUT, "broke: Server disconnected"),
        (httpx.ReadError(""), "broke: ReadError"),
        (httpx.PoolTimeout(""), "All connections of this client are in use"),
        (httpx.ProxyError("407 Auth"), "cannot be reached: 407 Auth"),
        (httpx.UnsupportedProtocol("No scheme."), "No scheme"),
    ],
)
def test_each_broken_connection_is_said_in_a_sentence(player, failure, words):
    with pytest.raises(ServiceUnreachable, match=words) as raised:
        ask(player, [failure], attempts=1)
    assert raised.value.__cause__ is failure


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ProxyError("407 Proxy Authentication Required"),
        httpx.UnsupportedProtocol("No scheme."),
        httpx.LocalProtocolError("Illegal header"),
    ],
    ids=str,
)
def test_what_will_not_pass_is_not_tried_again(player, failure):
    with pytest.raises(ServiceUnreachable):
        ask(player, [failure])
    assert len(player.calls) == 1


def test_a_certificate_that_is_not_trusted_is_not_tried_again(player):
    failure = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    failure.__context__ = ssl.SSLCertVerificationError("self-signed")
    failure.__context__.verify_message = "self-signed certificate"
    with pytest.raises(ServiceUnreachable, match="is not trusted: self-signed certificate"):
        ask(player, [failure])
    assert len(player.calls) == 1
