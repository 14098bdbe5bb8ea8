"""Gateways as processes of their own, without NGINX."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

from compose.services import free_port
from compose.services.ports import http_status
from tests.eventually import eventually

#: A process that takes longer to stop hangs.
STOP_SECONDS = 30


@contextmanager
def running_gateway(database_url, command=("gateway",), log=None, **settings):
    """Run the gateway without NGINX; yield its process and its port."""
    port = free_port()
    environment = {
        "RECKONER_DATABASE_URL": database_url,
        "RECKONER_BROKER_URL": "amqp://127.0.0.1:1/%2F",
        "RECKONER_GATEWAY_BIND": f"127.0.0.1:{port}",
        "RECKONER_GATEWAY_PROCESSES": "1",
        **{f"RECKONER_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | environment,
        stderr=log.open("wb") if log else None,
    )
    try:
        eventually(lambda: _is_up(port))
        yield process, port
    finally:
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0


def with_constants(**constants):
    """Return the command of a gateway with other constants, and with the functions of tests."""
    return ("tests.gateway_with_test_functions", json.dumps(constants))


def _is_up(port):
    return http_status(port, "/health/live") == 200
