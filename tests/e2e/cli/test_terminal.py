"""`reckoner` at a terminal: progress, the question after Ctrl-C, tables and colours."""

import os
import re

import pytest

from reckoner.cli.exit_status import ExitStatus
from tests.e2e.cli.command import run
from tests.e2e.cli.terminal import CTRL_C, Terminal
from tests.e2e.cli.test_exit_statuses import long
from tests.e2e.numbers import fibonacci, fresh
from tests.eventually import eventually

pytestmark = pytest.mark.slow

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def status_of(reckoner, identity: str) -> str:
    return str(reckoner("get", identity, "-o", "json").json["status"])


def begun(terminal: Terminal) -> str:
    """Return the id of what a terminal waits for, once its progress is shown."""
    eventually(lambda: re.search(r"(queued|running).* left", terminal.text), what="a bar")
    (identity,) = set(_ID.findall(terminal.text))
    return str(identity)


def test_progress_is_shown_and_the_data_are_only_the_value(base_url):
    n = fresh(20_000_000, 25_000_000)
    reading, writing = os.pipe()
    with Terminal(base_url, "run", "fibonacci", f"n={n}", output=writing) as terminal:
        os.close(writing)
        with open(reading, "rb") as output:  # noqa: PTH123
            value = output.read()
        assert terminal.wait() == 0
        assert value.decode() == f"{fibonacci(n)}\n"
        assert re.search("queued|running", terminal.text)
        assert b"\x1b[2K" in terminal.raw  # the line of the bar was erased


def test_ctrl_c_asks_and_cancels(base_url, reckoner):
    with Terminal(base_url, "run", "fibonacci", long()) as terminal:
        identity = begun(terminal)
        terminal.type(CTRL_C)
        eventually(lambda: "Cancel the calculation" in terminal.text)
        terminal.type(b"c\n")
        assert terminal.wait() == ExitStatus.INTERRUPTED
        assert f"Cancelled {identity}." in terminal.text
    eventually(lambda: status_of(reckoner, identity) == "cancelled")


@pytest.mark.parametrize("keys", [b"\n", CTRL_C], ids=["Enter", "Ctrl-C"])
def test_ctrl_c_asks_and_leaves_it(base_url, reckoner, keys):
    with Terminal(base_url, "run", "fibonacci", long()) as terminal:
        identity = begun(terminal)
        terminal.type(CTRL_C)
        eventually(lambda: "Cancel the calculation" in terminal.text)
        terminal.type(keys)
        assert terminal.wait() == ExitStatus.INTERRUPTED
        assert f"`reckoner wait {identity}`" in terminal.text
        assert f"\n{identity} goes on." in terminal.text  # not on the line of the question
    assert status_of(reckoner, identity) in ("queued", "running")
    reckoner("cancel", identity)


def test_a_narrow_terminal_has_whole_ids_and_no_longer_lines(base_url, reckoner):
    ns = [fresh(100_000, 999_999) for _ in range(5)]
    for n in ns:
        reckoner("run", "fibonacci", f"n={n}")
    conditions = ("--function", "fibonacci", "--status", "succeeded", "--limit", "5")
    with Terminal(base_url, "list", *conditions, columns=40) as terminal:
        assert terminal.wait() == 0
        lines = terminal.text.splitlines()
    assert max(map(len, lines)) <= 40
    assert all(_ID.fullmatch(line) for line in lines[::2])
    assert lines[1::2] == [f'  succeeded fibonacci {{"n":{n}}}' for n in reversed(ns)]


def test_progress_fits_a_narrow_terminal(base_url, reckoner):
    with Terminal(base_url, "run", "fibonacci", long(), columns=40) as terminal:
        identity = begun(terminal)
        terminal.process.kill()
        lines = re.split(r"[\r\n]+", terminal.text)
        assert max(map(len, lines)) <= 40
    reckoner("cancel", identity)


def test_a_table_has_colours_unless_no_color_is_set(base_url, reckoner):
    reckoner("run", "fibonacci", "n=100")
    shown = {}
    for value in ("", "1"):
        with Terminal(base_url, "list", "--status", "succeeded", NO_COLOR=value) as terminal:
            assert terminal.wait() == 0
            shown[value] = terminal
    assert "CALCULATION" in shown[""].text
    rows = shown[""].text.splitlines()[1:]
    assert len(rows) > 1
    assert all(map(_ID.match, rows))  # none is cut
    assert b"\x1b[32msucceeded" in shown[""].raw
    assert "succeeded" in shown["1"].text
    assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", shown["1"].raw)


@pytest.mark.parametrize(("answer", "ends"), [(b"n\n", 1), (b"y\n", 0)])
def test_many_are_cancelled_after_a_question(base_url, reckoner, answer, ends):
    submitted = reckoner("submit", "fibonacci", long(), "-o", "json").json
    identity, moment = submitted["id"], submitted["created_at"]
    with Terminal(base_url, "cancel", "--lane", "heavy", "--created-after", moment) as terminal:
        eventually(lambda: "[y/N]" in terminal.text)
        assert "Cancel 1 calculation of lane heavy, created since " in terminal.text
        terminal.type(answer)
        assert terminal.wait() == ends
    if ends == 0:
        eventually(lambda: status_of(reckoner, identity) == "cancelled")
    else:
        assert "Nothing was cancelled." in terminal.text
        assert status_of(reckoner, identity) in ("queued", "running")
        done = reckoner("cancel", "--created-after", moment, "--yes", "-o", "json").json
        assert sum(done.values()) == 1


def test_nothing_to_cancel_is_no_question(base_url):
    with Terminal(base_url, "cancel", "--created-after", "2100-01-01", "-o", "jsonl") as terminal:
        assert terminal.wait() == 0
        assert terminal.text == '{"cancelled":0,"cancelling":0}\n'


def test_bytes_are_not_written_to_a_terminal(base_url, reckoner):
    identity = reckoner("submit", "mandelbrot", "width=64").text.strip()
    assert reckoner("wait", identity).status == 0
    with Terminal(base_url, "result", identity) as terminal:
        assert terminal.wait() == ExitStatus.USAGE
        assert "image/png" in terminal.text
        assert "-o FILE" in terminal.text
    assert run(base_url, "result", identity).output.startswith(b"\x89PNG")


def test_the_newest_are_watched_as_a_table(base_url, reckoner):
    with Terminal(base_url, "watch", "--function", "fibonacci") as terminal:
        eventually(lambda: "CALCULATION" in terminal.text)
        n = fresh(20_000, 10**6)
        reckoner("submit", "fibonacci", f"n={n}")
        eventually(lambda: f'{{"n":{n}}}' in terminal.text)
        terminal.type(CTRL_C)
        assert terminal.wait() == ExitStatus.INTERRUPTED
