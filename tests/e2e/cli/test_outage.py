"""`reckoner run` while the gateway is away."""

import hashlib
from pathlib import Path

import pytest

from reckoner.cli.exit_status import ExitStatus
from tests.e2e.cli.command import end, start
from tests.e2e.numbers import fibonacci, fresh
from tests.eventually import eventually

pytestmark = pytest.mark.slow


def submitted(reckoner, n: int) -> str:
    """Return the id of a calculation once it was submitted."""

    def find() -> list[str]:
        listed = reckoner("list", "--function", "fibonacci", "-o", "jsonl").lines
        return [one["id"] for one in listed if one["arguments"]["n"] == n]

    return eventually(find)[0]


def test_a_gateway_that_comes_back_is_waited_for(link, reckoner):
    n = fresh(26_000_000, 30_000_000)
    running = start(f"http://127.0.0.1:{link.port}", "run", "fibonacci", f"n={n}")
    identity = submitted(reckoner, n)
    link.refuse()
    assert reckoner("wait", identity).status == 0
    assert running.poll() is None
    link.repair()
    done = end(running)
    assert (done.status, done.errors) == (0, "")
    assert done.text == f"{fibonacci(n)}\n"


def test_one_that_does_not_come_back_in_time_is_124(link, reckoner):
    n = fresh(1_000_000_000, 2_000_000_000)
    url = f"http://127.0.0.1:{link.port}"
    running = start(url, "run", "fibonacci", f"n={n}", "--timeout", "1.5")
    identity = submitted(reckoner, n)
    link.refuse()
    done = end(running)
    assert done.status in (ExitStatus.TIMED_OUT, ExitStatus.UNREACHABLE)
    assert identity in done.errors
    reckoner("cancel", identity)


def test_a_download_goes_on_where_an_earlier_command_ended_and_is_checked(link, reckoner, tmp_path):
    found = reckoner("run", "fibonacci", "n=3e7", "-o", "json").json
    target = tmp_path / "digits"

    def parts() -> list[Path]:
        return [file for file in tmp_path.iterdir() if file.stat().st_size > 1_000_000]

    link.slow(0.1)
    first = start(f"http://127.0.0.1:{link.port}", "result", found["id"], "-o", str(target))
    (part,) = eventually(parts)
    first.kill()
    first.communicate()
    with part.open("r+b") as file:  # a fault that only whoever keeps these bytes has
        file.write(b"x")
    done = reckoner("result", found["id"], "-o", str(target))
    assert (done.status, done.errors.count("SHA-256")) == (1, 1)
    assert list(tmp_path.iterdir()) == []
    assert reckoner("result", found["id"], "-o", str(target)).status == 0
    assert list(tmp_path.iterdir()) == [target]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == found["result"]["sha256"]
