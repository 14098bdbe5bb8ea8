"""`reckoner doctor` on the service, as clients reach it."""

import json

import pytest

from reckoner.cli.operating.doctor.service import check_service
from tests.integration.cli.doctor.conftest import levels, only
from tests.web_server import QuietHandler, WebServer

CHECKS = {"postgresql": "ok", "relay": "ok", "rabbitmq": "ok"}


@pytest.fixture
def service(examine):
    """Examine a service that answers so."""

    def run(
        checks=CHECKS, *, problems=(), server="nginx", system=200, body=None, given=None, **options
    ):
        class Handler(QuietHandler):
            server_version, sys_version = server, ""

            def do_GET(self):  # noqa: N802 (http.server's name)
                is_system = self.path == "/system"
                document = {"checks": checks, "problems": list(problems)}
                content = body if body is not None else json.dumps(document)
                if given is not None:
                    given.append((self.path, self.headers.get("Authorization")))
                self.send_response(system if is_system else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content.encode())

        with WebServer(Handler) as web:
            return examine(check_service, url=f"http://127.0.0.1:{web.port}", **options)

    return run


def test_a_service_that_is_ready_is_well(service):
    given: list[tuple[str, str | None]] = []
    found = service(given=given, key="rk_a_b")
    assert levels(found) == {"ok", "note"}
    assert given == [("/health/ready", "Bearer rk_a_b"), ("/system", "Bearer rk_a_b")]


def test_a_service_that_cannot_be_reached_is_a_fault(examine):
    ((level, words),) = examine(check_service)
    assert level == "fault"
    assert "http://127.0.0.1:1 cannot be reached" in words
    assert "RECKONER_URL" in words


def test_what_the_gateway_lacks_is_named(service):
    found = service({**CHECKS, "rabbitmq": "memory alarm", "postgresql": "read-only"})
    rabbitmq, postgresql = sorted(only(found, "fault"), reverse=True)
    assert "The gateway says of rabbitmq: memory alarm." in rabbitmq
    assert "accepted, and wait" in rabbitmq
    assert "not accepted until" in postgresql


def test_without_postgresql_that_alone_is_a_fault(service):
    given: list[tuple[str, str | None]] = []
    checks = {"postgresql": "no answer.", "relay": "unknown", "rabbitmq": "unknown"}
    found = service(checks, given=given)
    (fault,) = only(found, "fault")
    assert "The gateway says of postgresql: no answer. " in fault
    assert any("cannot tell the state of: relay, rabbitmq." in note for note in only(found, "note"))
    assert [path for path, _ in given] == ["/health/ready"]  # /system would wait for nothing


def test_functions_that_the_gateway_has_left_out_are_named(service):
    problem = {"entry_point": "broken", "package": "a-package", "detail": "It has no docstring."}
    (fault,) = only(service(problems=[problem]), "fault")
    assert "left out the function broken of the package a-package. It has no docstring." in fault


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("http://[::1", None, "The URL is not valid"),
        ("http://no..name", None, "The URL is not valid"),
        ("ftp://a.test", None, "is not the URL of a service"),
        ("http://a.test", "sch\u00e9", "The key is not valid"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_meant_is_said(examine, url, key, words):
    ((level, said),) = examine(check_service, url=url, key=key)
    assert level == "fault"
    assert words in said
    assert "RECKONER_KEY_FILE" in said
    assert "bug" not in said


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"checks": [1]}', '{"checks": {}, "problems": [1]}']
)
def test_another_service_at_the_address_is_a_fault(service, body):
    (fault,) = only(service(body=body), "fault")
    assert "is not a gateway that works" in fault


def test_a_gateway_without_nginx_is_warned_of(service):
    (warning,) = only(service(server="uvicorn"), "warning")
    assert "without NGINX" in warning


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        (401, "note", "No key is given"),
        (403, "note", "No key is given"),
        (500, "warning", "GET /system answers 500"),
    ],
)
def test_what_needs_a_key_is_said(service, status, level, words):
    assert any(words in found for found in only(service(system=status), level))
