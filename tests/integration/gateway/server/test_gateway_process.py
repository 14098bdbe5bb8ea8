"""How a gateway process ends, and when it is replaced."""

import http.client
import json
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from tests.eventually import eventually
from tests.integration.gateway.server.running import (
    STOP_SECONDS,
    running_gateway,
    with_constants,
)

pytestmark = pytest.mark.slow


def ask(connection):
    connection.request("GET", "/health/live")
    response = connection.getresponse()
    response.read()
    return response.status, response.getheader("Connection")


def is_listening(port):
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
    except ConnectionRefusedError:
        return False
    return True


def test_a_request_on_an_open_connection_is_answered_while_the_process_stops(database_url):
    """NGINX may not send a POST again that met a closed connection."""
    with running_gateway(database_url) as (process, port):
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(kept) == (200, None)
        process.send_signal(signal.SIGTERM)
        eventually(lambda: not is_listening(port))
        assert ask(kept) == (200, "close")


def test_an_idle_connection_does_not_keep_a_process_from_stopping(database_url):
    with running_gateway(database_url) as (process, port):
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(idle) == (200, None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0


def lines(log):
    """Return the log of a process."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def has_logged(log, level, words):
    return [line for line in lines(log) if line["level"] == level and words in line["message"]]


def submit(client, function="whole", n=10):
    """Submit a calculation; return the status, or None if the process ended."""
    body = {"function": function, "arguments": {"n": n}}
    try:
        return client.post("/calculations", json=body).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("is_bug", [False, True])
def test_a_process_that_can_store_nothing_is_replaced(database_url, engine, tmp_path, is_bug):
    """It answers 503 while PostgreSQL is unavailable, and 500 for a bug, which is logged as one."""
    log = tmp_path / "log"
    constants = {
        "gateway.server.watchdog._MAX_FAILING_SECONDS": 1.0,
        "gateway.server.watchdog._PROBE_SECONDS": 0.2,
        "gateway.server.protocol._IDLE_SECONDS": 0.2,
    }
    if is_bug:
        harm = "ALTER TABLE calculations RENAME request_id TO request_identity"
        repair = "ALTER TABLE calculations RENAME request_identity TO request_id"
    else:
        # Look-ups still work; the statement of a submission is what counts.
        role = f"ALTER ROLE reckoner IN DATABASE {engine.url.database}"
        harm = f"{role} SET default_transaction_read_only = on"
        repair = f"SET transaction_read_only = off; {role} RESET default_transaction_read_only"
    with (
        running_gateway(database_url, with_constants(**constants), log) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        assert submit(client) == 202
        execute(engine, harm)
        execute(engine, END_GATEWAYS)
        seen = set()

        def is_replaced():
            seen.add(submit(client, n=11))
            return has_logged(log, "ERROR", "exited with code 1")

        eventually(is_replaced)
        assert seen - {None} == {500 if is_bug else 503}
        assert has_logged(log, "CRITICAL", "no calculation could be stored")
        bugs = has_logged(log, "ERROR", "Calculations cannot be stored")
        assert bool(bugs) is is_bug
        assert all("UndefinedColumn" in line["exception"] for line in bugs)
        execute(engine, repair)
        eventually(lambda: submit(client, n=11) == 202)


END_GATEWAYS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def execute(engine, statement):
    engine.dispose()  # what was read-only, or ended
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_functions_that_hang_delay_no_request_and_end_their_process(database_url, tmp_path):
    log = tmp_path / "log"
    constants = {
        "gateway.server.threads._MAX_INLINE_SECONDS": 8.0,
        "gateway.submission.inline._MAX_SECONDS": 0.3,
        "gateway.server.watchdog._SHUTDOWN_SECONDS": 1.0,
    }
    with (
        running_gateway(
            database_url, with_constants(**constants), log, inline_seconds=0.05, quick_seconds=0.05
        ) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
        ThreadPoolExecutor(8) as others,
    ):
        hanging = [others.submit(submit, client, "quick_hang", n) for n in range(8)]
        # They are queued for the workers, which have limits.
        assert [one.result() for one in hanging] == [202] * 8
        assert not has_logged(log, "CRITICAL", "hangs")
        batch = {"calculations": [{"function": "whole", "arguments": {"n": 1}}]}
        assert client.post("/calculations/batch", json=batch).status_code == 202
        assert client.get("/health/ready").json()["checks"]["postgresql"] == "ok"
        assert submit(client) == 202
        eventually(lambda: has_logged(log, "ERROR", "exited with code 1"))
        assert has_logged(log, "CRITICAL", "computing in a request")
        eventually(lambda: submit(client, n=12) == 202)
