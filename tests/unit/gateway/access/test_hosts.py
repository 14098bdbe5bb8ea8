"""Requests that are not addressed to this service."""

import asyncio

import pytest

from gateway.app import create_app
from shared.config import load_settings
from tests.asgi import Client


@pytest.fixture(scope="module")
def ask(registry):
    """Ask a gateway that is called reckoner.example; what it answers needs no database."""
    app = create_app(load_settings({"allowed_hosts": "reckoner.example"}), registry)
    return lambda *request, **headers: asyncio.run(Client(app).ask(*request, **headers))


def test_a_request_by_the_name_of_the_service_is_served(ask):
    assert ask("GET", "/", host="Reckoner.Example.:8080").status == 200


@pytest.mark.parametrize(
    "target", ["/", "/functions", "/calculate/5", "/no-such-route", "/session"]
)
@pytest.mark.parametrize("host", ["evil.example", "localhost", None])
def test_a_request_by_any_other_name_is_refused_whatever_it_asks(ask, target, host):
    answer = ask("GET", target, host=host, x_request_id="mine")
    assert (answer.status, answer.json()["type"]) == (421, "urn:reckoner:problem:unknown-host")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == "mine"


def test_forwarded_headers_have_no_say(ask):
    forwarded = {"x_forwarded_host": "reckoner.example", "forwarded": "host=reckoner.example"}
    assert ask("GET", "/", host="evil.example", **forwarded).status == 421
    assert ask("GET", "/", host="reckoner.example", x_forwarded_host="evil.example").status == 200


def test_probes_may_use_any_name(ask):
    assert ask("GET", "/health/live", host="10.0.0.7:8081").status == 200
    assert ask("GET", "/health/live", host=None).status == 200
    assert ask("GET", "/healthy", host="10.0.0.7:8081").status == 421


def test_the_answer_says_what_to_do(ask):
    detail = ask("GET", "/", host="user@reckoner.example").json()["detail"]
    assert "'user@reckoner.example'" in detail
    assert "RECKONER_ALLOWED_HOSTS" in detail
    assert "no Host header" in ask("GET", "/", host=None).json()["detail"]
