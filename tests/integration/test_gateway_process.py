"""How a gateway process ends."""

import http.client
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx

from compose.services import free_port
from tests.eventually import eventually

_STOP_SECONDS = 30


@contextmanager
def running_gateway(database_url):
    """Run the gateway without NGINX; yield its process and its port."""
    port = free_port()
    environment = {
        "RECKONER_DATABASE_URL": database_url,
        "RECKONER_BROKER_URL": "amqp://127.0.0.1:1/%2F",
        "RECKONER_GATEWAY_BIND": f"127.0.0.1:{port}",
        "RECKONER_GATEWAY_PROCESSES": "1",
    }
    process = subprocess.Popen([sys.executable, "-m", "gateway"], env=os.environ | environment)
    try:
        eventually(lambda: is_up(port))
        yield process, port
    finally:
        process.terminate()
        assert process.wait(_STOP_SECONDS) == 0


def is_up(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    except httpx.TransportError:
        return False


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


def test_what_comes_on_an_open_connection_while_it_stops_is_answered(database_url):
    """NGINX may not send a POST again that met a closed connection."""
    with running_gateway(database_url) as (process, port):
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(kept) == (200, None)
        process.send_signal(signal.SIGTERM)
        eventually(lambda: not is_listening(port))
        assert ask(kept) == (200, "close")


def test_a_connection_that_stays_idle_does_not_hold_up_the_end(database_url):
    with running_gateway(database_url) as (process, port):
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(idle) == (200, None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_STOP_SECONDS) == 0
