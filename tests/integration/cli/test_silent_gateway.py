"""A gateway that accepts a connection and stays silent: each command ends in its time."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reckoner.cli.exit_status import ExitStatus
from reckoner.client import calculation_id

ID = "ffcfeb02-09f4-5c06-889e-7cd5cd61b456"
_SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
_FUNCTION = {
    "name": "fibonacci",
    "version": 1,
    "arguments": _SCHEMA,
    "result": {"kind": "digits", "media_type": "text/plain"},
}


class _Handler(BaseHTTPRequestHandler):
    """Describes fibonacci, and is silent about everything else."""

    def do_GET(self) -> None:
        if self.path != "/functions/fibonacci":
            self._be_silent()
            return
        body = json.dumps(_FUNCTION).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _be_silent(self) -> None:
        self.server.asked.set()  # type: ignore[attr-defined]
        self.server.ended.wait(60)  # type: ignore[attr-defined]

    do_POST = do_DELETE = _be_silent  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


#: With less time for the last look of commands that wait.
_RECKONER = """
from reckoner.cli.__main__ import main
from reckoner.cli.waiting import time_limit
time_limit._LAST_LOOK_SECONDS = 1.0
main()
"""


@pytest.fixture
def silent() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked, server.ended = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.ended.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def start(server, *arguments):
    host, port = server.server_address
    return subprocess.Popen(
        [sys.executable, "-c", _RECKONER, *arguments],
        env={**os.environ, "RECKONER_URL": f"http://{host}:{port}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", ID),
        ("list",),
        ("functions",),
        ("estimate", "fibonacci", "n=3"),
        ("submit", "fibonacci", '{"n": 3}'),
        ("result", ID),
        ("cancel", ID, ID),
        ("system",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_time_limit_ends_each_command_with_status_124(silent, arguments):
    began = time.monotonic()
    output, errors = start(silent, *arguments, "--timeout", "0.5").communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert output == ""
    assert errors.endswith("not done after 0.5 s. Try again, or give a longer --timeout.\n")
    assert errors.count("--timeout") == 1


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("wait", ID), ("watch", ID), ("watch",), ("batch", "-")])
def test_commands_that_wait_end_seconds_after_their_time_out(silent, arguments):
    process = start(silent, *arguments, "--timeout", "0.5")
    process.communicate(timeout=25)
    assert process.returncode == ExitStatus.TIMED_OUT


@pytest.mark.parametrize("command", ["run", "submit"])
def test_ctrl_c_during_a_submission_is_130_and_says_what_may_be_submitted(silent, command):
    process = start(silent, command, "fibonacci", "n=1e6")
    assert silent.asked.wait(30)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (ExitStatus.INTERRUPTED, "")
    identity = calculation_id("fibonacci", 1, {"n": 10**6})
    assert "may have been submitted" in errors
    assert f"`reckoner cancel {identity}`" in errors


def test_without_the_schema_the_list_is_named(silent):
    process = start(silent, "run", "fibonacci", '{"n": 3}')
    assert silent.asked.wait(30)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == ExitStatus.INTERRUPTED
    assert "`reckoner list` shows it then." in errors
