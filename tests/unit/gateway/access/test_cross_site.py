"""Requests that a page of another origin has caused."""

import asyncio

import pytest

from gateway.app import create_app
from shared.config import load_settings
from tests.asgi import Client

ID = "00000000-0000-0000-0000-000000000000"
#: Refused for their text, after the check of where they come from, and before a database is asked.
WITH_EFFECTS = [
    ("POST", "/calculations", 415),
    ("POST", "/calculations/batch", 415),
    ("DELETE", "/calculations/nonsense", 404),
    ("GET", "/calculate/nonsense", 422),
]
PAGES = "http://localhost:3000"


@pytest.fixture(scope="module")
def ask(registry):
    app = create_app(load_settings({"cors_origins": PAGES}), registry)
    return lambda *request, **headers: asyncio.run(
        Client(app).ask(*request, **{"host": "localhost:8080", **headers})
    )


@pytest.mark.parametrize(("method", "target", "status"), WITH_EFFECTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "same-origin, cross-site"},
        {"sec_fetch_site": ""},
        {"sec_fetch_site": "Same-Origin"},
        {"sec_fetch_site": "cross-site", "origin": "http://localhost:8080"},
        {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://localhost:8081"},
        {"origin": "http://localhost"},
        {"origin": "http://user@localhost:8080"},
        {"origin": "ftp://localhost:8080"},
        {"origin": "http://[localhost"},
        {"origin": "http://localhost:3000.evil.example"},
    ],
)
def test_what_another_page_causes_has_no_effect(ask, method, target, status, headers):
    answer = ask(method, target, **headers, x_request_id="mine")
    assert (answer.status, answer.json()["type"]) == (403, "urn:reckoner:problem:cross-site")
    assert answer.headers["x-request-id"] == "mine"
    assert status != 403


@pytest.mark.parametrize(("method", "target", "status"), WITH_EFFECTS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": "http://localhost:8080"},
        # A page with Referrer-Policy: no-referrer, and a proxy that gives NGINX another Host.
        {"sec_fetch_site": "same-origin", "origin": "null"},
        {"sec_fetch_site": "same-origin", "origin": "https://reckoner.example"},
        # Plain HTTP to another machine, and TLS that ends before NGINX.
        {"origin": "http://localhost:8080"},
        {"origin": "https://localhost:8080"},
        {"sec_fetch_site": "same-site", "origin": PAGES},
        {"origin": PAGES},
    ],
)
def test_own_pages_named_origins_and_programs_pass(ask, method, target, status, headers):
    assert ask(method, target, **headers).status == status


@pytest.mark.parametrize("target", ["/", "/functions", "/health/live"])
def test_what_has_no_effect_is_answered_to_all(ask, target):
    assert ask("GET", target, sec_fetch_site="cross-site").status == 200
    assert ask("HEAD", target, sec_fetch_site="cross-site").status == 200


def test_the_answer_says_what_to_do(ask):
    clicked = ask("GET", "/calculate/5", sec_fetch_site="cross-site").json()["detail"]
    assert "address bar" in clicked
    sent = ask("POST", "/calculations", sec_fetch_site="cross-site").json()["detail"]
    assert "RECKONER_CORS_ORIGINS" in sent
