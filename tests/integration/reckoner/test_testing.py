"""`reckoner.testing.run`: what the tests of an author's function use."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

import psutil
import pytest

from reckoner import (
    CalculationFailed,
    Digits,
    Estimate,
    Ge,
    MediaType,
    Progress,
    Residue,
    function,
)
from reckoner.testing import ArgumentsRefused, Failed, run
from shared.calculation import calculation_id


def cost(n: int) -> Estimate:
    return Estimate(seconds=n / 2, bytes=10**6)


@function(estimate=cost)
def squares(n: Annotated[int, Ge(0)]) -> dict[str, Any]:
    return {"n": n, "squares": [k * k for k in range(n)]}


def test_an_outcome_has_what_the_service_would_say():
    outcome = run(squares, n=3)
    assert outcome.value == {"n": 3, "squares": [0, 1, 4]}
    assert outcome.data.decode() == outcome.text == '{"n":3,"squares":[0,1,4]}'
    assert outcome.arguments_text == '{"n":3}'
    assert outcome.id == calculation_id("squares", 1, '{"n":3}')
    assert outcome.media_type == "application/json"
    assert (outcome.check, outcome.estimate) == (None, Estimate(seconds=1.5, bytes=10**6))
    assert 0 <= outcome.seconds < 60
    assert outcome.peak_bytes is None or outcome.peak_bytes > 0


def test_a_function_of_the_test_itself_runs_in_a_process_of_its_own():
    @function
    def pid() -> int:
        return os.getpid()

    assert run(pid).value != os.getpid()


@function(fresh=True)
def fresh_pid() -> int:
    return os.getppid()


def test_a_function_for_fresh_interpreters_gets_one():
    assert run(fresh_pid).value != os.getpid()


def test_every_kind_of_result_is_the_value_that_python_has_for_it():
    @function(check=Residue(lambda n, modulus: pow(10, n, modulus)))
    def power(n: Annotated[int, Ge(0)]) -> Digits:
        return "1" + "0" * n

    @function
    def picture() -> Annotated[bytes, MediaType("image/png")]:
        return b"\x89PNG"

    @function
    def lines(n: int, progress: Progress) -> Iterator[str]:
        for k in range(n):
            progress(k / n)
            yield f"{k}\n"

    outcome = run(power, n=3)
    assert (outcome.value, outcome.check) == ("1000", "residue")
    outcome = run(picture)
    assert (outcome.value, outcome.media_type) == (b"\x89PNG", "image/png")
    with pytest.raises(TypeError, match="use `data`"):
        _ = outcome.text
    assert run(lines, n=3).value == "0\n1\n2\n"


def test_an_integer_of_any_length_is_exact():
    @function
    def large() -> dict[str, int]:
        return {"n": 10**5000 + 7}

    assert run(large).value == {"n": 10**5000 + 7}


def test_invalid_arguments_are_refused_with_a_pointer():
    with pytest.raises(ArgumentsRefused, match="/n: ") as refused:
        run(squares, n=-1)
    [fault] = refused.value.faults
    assert fault.pointer == "/n"


def test_a_failure_has_the_words_that_a_client_reads_and_the_details():
    @function
    def solve() -> float:
        raise CalculationFailed("singular matrix", row=3)

    with pytest.raises(Failed, match=r"^function-failed: singular matrix$") as failed:
        run(solve)
    assert (failed.value.reason, failed.value.details) == ("function-failed", {"row": 3})


def test_the_traceback_and_what_is_printed_are_for_the_test_to_show(capsys):
    @function
    def noisy() -> int:
        sys.stdout.write("step 1\n")
        return 1 // 0

    with pytest.raises(Failed, match="ZeroDivisionError"):
        run(noisy)
    errors = capsys.readouterr().err
    assert "step 1" in errors
    assert "in noisy" in errors


def test_a_limit_that_the_function_declares_holds():
    @function(memory="256MiB")
    def hungry() -> int:
        return len(bytearray(2**29))

    with pytest.raises(Failed, match="memory-limit"):
        run(hungry)


@pytest.mark.slow
def test_an_endless_loop_ends_at_its_time_limit():
    @function(timeout=1)
    def endless() -> int:
        while True:
            pass

    with pytest.raises(Failed, match="time-limit"):
        run(endless)


def test_a_result_that_is_computed_twice_must_be_the_same():
    @function(check="recompute")
    def pid() -> int:
        return os.getpid()

    with pytest.raises(Failed, match="result-wrong"):
        run(pid)


def test_threads_and_children_of_the_test_are_left_alone():
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert run(squares, n=1).value == {"n": 1, "squares": [0]}
        assert child.poll() is None
        child.communicate(b"\n")
        assert child.returncode == 0
    end.set()
    thread.join()


def test_a_test_waits_for_nothing_that_the_function_leaves_behind():
    """A process that it hides keeps the pipes open, and ends with the calculation."""

    @function
    def hiding() -> int:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.write(writing, b"hidden")
            threading.Event().wait(300)
        os.read(reading, 6)
        return pid

    hidden = run(hiding).value
    assert not psutil.pid_exists(hidden)


def test_a_process_that_ends_in_the_middle_of_its_answer_is_told(monkeypatch):
    def dump(answer: object, pipe: BinaryIO) -> None:
        pipe.write(pickle.dumps(answer)[:-5])

    monkeypatch.setattr("reckoner.testing.running.pickle.dump", dump)
    with pytest.raises(Failed, match="process-died: The process that ran the trial has ended"):
        run(squares, n=1)


def test_the_test_itself_is_no_parent_of_what_a_calculation_leaves_behind():
    """It would have to end and reap it, and a test runner has children of its own."""

    @function
    def parent() -> int:
        return os.getppid()

    assert run(parent).value != os.getpid()
