"""Which other origins' pages may read answers."""

import asyncio

import pytest

from gateway.app import create_app
from shared.config import load_settings
from tests.asgi import Client

PAGES = "http://localhost:3000"


def asking(registry, **settings):
    app = create_app(load_settings(settings), registry)
    return lambda *request, **headers: asyncio.run(Client(app).ask(*request, **headers))


@pytest.fixture(scope="module")
def ask(registry):
    return asking(registry, cors_origins=f"{PAGES},https://pages.example")


def allowed(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-")}


def preflight(ask, target="/calculations", origin=PAGES, method="POST"):
    return ask(
        "OPTIONS",
        target,
        origin=origin,
        access_control_request_method=method,
        access_control_request_headers="authorization,content-type",
    )


def test_nobody_may_read_unless_it_is_set(registry):
    ask = asking(registry)
    for answer in (ask("GET", "/", origin=PAGES), preflight(ask)):
        assert not allowed(answer)
        assert "Origin" not in answer.headers.get("vary", "")


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{PAGES}.evil", "*"])
def test_other_origins_than_the_named_ones_may_not_read(ask, origin):
    for answer in (ask("GET", "/", origin=origin), preflight(ask, origin=origin)):
        assert not allowed(answer)


def test_a_named_origin_may_read_answers_and_errors_without_cookies(ask):
    for target, status in (("/", 200), ("/no-such-route", 404)):
        answer = ask("GET", target, origin=PAGES)
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == PAGES
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_is_answered_with_the_methods_and_headers(ask):
    answer = preflight(ask)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == PAGES
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_needs_no_key(registry):
    ask = asking(registry, cors_origins=PAGES, keys="on")
    assert preflight(ask).status == 200
    assert preflight(ask, "/system", method="GET").headers["access-control-allow-origin"] == PAGES


def test_a_preflight_by_another_name_is_refused(registry):
    ask = asking(registry, cors_origins=PAGES)
    answer = ask("OPTIONS", "/", host="evil", origin=PAGES, access_control_request_method="GET")
    assert answer.status == 421
    assert "access-control-allow-methods" not in answer.headers


def test_every_answer_says_that_it_depends_on_the_origin(ask):
    # Otherwise a browser would use what it got for itself for a page as well.
    assert ask("GET", "/").headers["vary"] == "Accept, Origin"
    assert ask("GET", "/health/live").headers["vary"] == "Origin"
    assert ask("GET", "/no-such-route", origin=PAGES).headers["vary"] == "Origin"
