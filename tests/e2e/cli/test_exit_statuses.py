"""Each exit status, from a process of its own, with its words on standard error."""

import signal

import pytest

from reckoner.cli.exit_status import ExitStatus
from tests.e2e.cli.command import NOBODYS_ID, PROGRAM, end, run, start
from tests.e2e.numbers import fresh
from tests.eventually import eventually

pytestmark = pytest.mark.slow


def long() -> str:
    """Return an argument of a calculation of half a minute or more."""
    return f"n={fresh(1_000_000_000, 2_000_000_000)}"


def test_success_is_0(base_url):
    done = run(base_url, "run", "fibonacci", "n=100")
    assert (done.status, done.output, done.errors) == (0, b"354224848179261915075\n", "")


def test_a_failed_calculation_is_1_and_says_why(base_url, reckoner):
    argument = f"n={fresh(0, 10**9)}"
    done = run(base_url, "run", "check_says_no", argument)
    assert (done.status, done.output) == (1, b"")
    assert " failed: " in done.errors
    document = reckoner("run", "check_says_no", argument, "-o", "json")
    assert (document.status, document.json["status"]) == (1, "failed")
    assert document.json["error"]["detail"] in done.errors


def test_a_wrong_command_line_is_2_and_sends_nothing():
    done = run("http://127.0.0.1:1", "run", "fibonacci", "1e6")
    assert done.status == ExitStatus.USAGE
    assert "NAME=VALUE" in done.errors


@pytest.mark.parametrize("arguments", [("n=-1",), ("n=1.5e0",), ("m=1",), ('{"n": true}',), ()])
def test_arguments_that_are_not_valid_are_2(reckoner, arguments):
    done = reckoner("run", "fibonacci", *arguments)
    assert (done.status, done.output) == (ExitStatus.USAGE, b"")
    assert done.errors.count("\n") == 1
    assert "n" in done.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", NOBODYS_ID),
        ("result", NOBODYS_ID),
        ("wait", NOBODYS_ID),
        ("cancel", NOBODYS_ID),
        ("watch", NOBODYS_ID),
        ("functions", "nothing"),
        ("run", "nothing", "n=1"),
        ("run", "nothing", '{"n": 1}'),
    ],
)
def test_what_is_not_there_is_3(reckoner, arguments):
    done = reckoner(*arguments)
    assert (done.status, done.output) == (ExitStatus.NOT_FOUND, b"")
    assert done.errors.count("\n") == 1


def test_a_service_that_does_not_answer_is_5(base_url):
    done = run("http://127.0.0.1:1", "run", "fibonacci", "n=100")
    assert (done.status, done.output) == (ExitStatus.UNREACHABLE, b"")
    assert "http://127.0.0.1:1 cannot be reached" in done.errors
    assert "RECKONER_URL" in done.errors


def test_what_is_no_reckoner_is_5(link):
    done = run(f"http://127.0.0.1:{link.port}/elsewhere", "list")
    assert done.status in (ExitStatus.UNREACHABLE, ExitStatus.NOT_FOUND)


def test_a_cancelled_calculation_is_6(base_url, reckoner):
    identity = reckoner("submit", "fibonacci", long()).text.strip()
    waiting = start(base_url, "wait", identity)
    assert reckoner("cancel", identity).status == 0
    done = end(waiting)
    assert done.status == ExitStatus.CANCELLED
    assert b"cancelled" in done.output
    assert "was cancelled" in done.errors
    assert reckoner("result", identity).status == ExitStatus.CANCELLED


def test_a_calculation_that_is_not_finished_in_time_is_124_and_goes_on(base_url, reckoner):
    done = run(base_url, "run", "fibonacci", long(), "--timeout", "0.2")
    assert (done.status, done.output) == (ExitStatus.TIMED_OUT, b"")
    identity = done.errors.split()[2]
    assert reckoner("get", identity, "-o", "json").json["status"] in ("queued", "running")
    reckoner("cancel", identity)


def test_ctrl_c_without_a_terminal_is_130_names_the_calculation_and_leaves_it(base_url, reckoner):
    argument = long()
    running = start(base_url, "run", "fibonacci", argument)

    def submitted() -> list[str]:
        listed = reckoner("list", "--function", "fibonacci", "-o", "jsonl").lines
        return [one["id"] for one in listed if f"n={one['arguments']['n']}" == argument]

    (identity,) = eventually(submitted)
    running.send_signal(signal.SIGINT)
    done = end(running)
    assert (done.status, done.output) == (ExitStatus.INTERRUPTED, b"")
    assert f"`reckoner wait {identity}`" in done.errors
    assert "Cancel the calculation" not in done.errors  # nobody was asked
    assert reckoner("get", identity, "-o", "json").json["status"] in ("queued", "running")
    reckoner("cancel", identity)


def test_a_closed_pipe_is_130_and_silent(base_url):
    reading = start(base_url, "run", "fibonacci", "n=3e6")
    assert reading.stdout is not None
    reading.stdout.read(1)
    reading.stdout.close()
    assert reading.stderr is not None
    assert reading.stderr.read() == b""
    assert reading.wait(60) == ExitStatus.INTERRUPTED


def test_each_status_is_tested_here():
    """0 to 6, 124 and 130; 4 is tested where there are keys."""
    assert [int(status) for status in ExitStatus] == [0, 1, 2, 3, 4, 5, 6, 124, 130]
    assert PROGRAM[1:] == ("-m", "reckoner.cli")
