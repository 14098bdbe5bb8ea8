"""`make up` of an ordinary user: a port that is taken, Ctrl-C, a terminal that is closed."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.local import stop_signals
from compose.services.postgres_data import home_elsewhere
from tests.eventually import eventually
from tests.integration.compose.checkout import Checkout, checked_out, ordinary_user

pytestmark = pytest.mark.slow

CTRL_C = b"\x03"


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with ordinary_user() as account, checked_out(account) as checkout:
        yield checkout


class Terminal:
    """A terminal in whose shell a command runs, and what is on its screen."""

    def __init__(self, checkout: Checkout, command: str) -> None:
        self._screen = bytearray()
        self._closing = threading.Event()
        self._master, terminal = os.openpty()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # setsid begins the session, to give it the terminal. The shell must not replace itself by
        # the command: when a session's leader ends, the kernel sends SIGHUP to all its processes.
        self.process: subprocess.Popen[bytes] = checkout.begin(
            *("setsid", "--ctty", "--", "sh", "-c", f"{command}; exit"),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=False,
        )
        os.close(terminal)

    def _read(self) -> None:
        # Not blocked in one call to read, which would hold the terminal open.
        while not self._closing.is_set():
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self._screen += os.read(self._master, 65_536)
                except OSError:  # nobody has it open any more
                    return

    def shows(self, text: str) -> bool:
        return text.encode() in self._screen

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def close(self) -> None:
        """Close the window: the kernel then hangs up on those who run in it."""
        self._closing.set()
        self._reader.join()
        os.close(self._master)


def owners(pids: list[int]) -> set[int]:
    found = set()
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):  # it has ended since
            found.add(Path(f"/proc/{pid}").stat().st_uid)
    return found


def test_a_taken_port_is_named_before_anything_is_started(checkout):
    port = checkout.ports["amqp_port"]
    with socket.create_server(("127.0.0.1", port)):
        ended = checkout.run("make", "up")
    assert ended.returncode != 0
    assert str(port) in ended.stderr
    assert "RECKONER_LOCAL_AMQP_PORT" in ended.stderr
    assert "RECKONER_LOCAL_PORT" not in ended.stderr
    assert checkout.processes() == []


def test_a_user_computes_and_stops_it_with_ctrl_c(checkout):
    terminal = Terminal(checkout, "make up")
    eventually(lambda: terminal.shows("Reckoner is ready"), within_seconds=90)
    assert checkout.compute(9_000_000)["status"] == "succeeded"
    assert terminal.shows("Starting "), "what goes on now"
    assert not terminal.shows("The relay is running"), "quiet"
    logs = (checkout.state / "log" / "reckoner.log").read_text()
    assert "gateway.relay: The relay is running" in logs, "text, for whoever reads it"
    assert '{"time"' not in logs
    assert owners(checkout.processes()) == {checkout.folder.stat().st_uid}
    terminal.type(CTRL_C)
    terminal.process.wait(60)
    terminal.close()
    assert terminal.shows("Stopped, after")
    assert checkout.processes() == []


def test_closing_the_terminal_during_the_start_ends_it(checkout):
    terminal = Terminal(checkout, "make up")
    eventually(lambda: checkout.pid_of("rabbitmq"), what="the start of RabbitMQ")
    terminal.close()
    eventually(lambda: checkout.processes() == [], what="an end of everything")
    assert list(checkout.state.glob("*/*.process")) == []


def test_a_stop_during_the_start_is_no_failure(checkout):
    launcher = checkout.begin(checkout.python, "-m", "compose.local", stdout=subprocess.DEVNULL)
    eventually(lambda: checkout.pid_of("rabbitmq"), what="the start of RabbitMQ")
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(60) == 0
    assert checkout.processes() == []


def test_a_second_ctrl_c_ends_a_program_that_hangs(checkout):
    launcher = checkout.begin(checkout.python, "-m", "compose.local", stdout=subprocess.DEVNULL)
    eventually(lambda: checkout.pid_of("postgres"), what="the start of PostgreSQL")
    os.kill(checkout.pid_of("postgres"), signal.SIGSTOP)

    begun = time.monotonic()
    launcher.send_signal(signal.SIGTERM)
    # What comes at once is the same Ctrl-C, passed on by make.
    eventually(lambda: time.monotonic() - begun > 2 * stop_signals._SECOND_AFTER_SECONDS)
    launcher.send_signal(signal.SIGTERM)
    launcher.wait(60)
    assert launcher.returncode == 0
    assert checkout.processes() == []


def test_a_program_that_cannot_start_is_named_and_nothing_else_stays(checkout):
    settings = checkout.state / "postgres/data/postgresql.conf"
    with settings.open("a") as file:
        file.write("nonsense = 1\n")
    ended = checkout.run("make", "up")
    settings.write_text(settings.read_text().removesuffix("nonsense = 1\n"))
    assert ended.returncode != 0
    assert "postgres ended while it was starting" in ended.stderr
    assert "✗ PostgreSQL" in ended.stdout
    assert "nonsense" in ended.stderr  # PostgreSQL's own words
    assert "make logs" in ended.stderr
    assert checkout.processes() == []


def test_a_failing_migration_ends_the_start(checkout):
    versions = checkout.folder / "migrations/versions"
    (versions / "9999_fails.py").write_text("raise RuntimeError('a migration that fails')\n")
    ended = checkout.run("make", "up")
    (versions / "9999_fails.py").unlink()
    assert ended.returncode != 0
    assert "✗ schema" in ended.stdout
    assert "a migration that fails" in ended.stderr
    assert checkout.processes() == []


def test_everything_belongs_to_the_user(checkout):
    """Nothing of it is elsewhere, or belongs to somebody else."""
    owner = checkout.folder.stat().st_uid
    assert {path.lstat().st_uid for path in checkout.state.rglob("*")} == {owner}
    assert not home_elsewhere(checkout.state / "postgres").exists()
    assert checkout.run("make", "clean").returncode == 0
    assert not checkout.state.exists()
