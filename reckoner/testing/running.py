"""`run`: a trial from within another program, such as pytest."""

import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.testing.limits import Limits, limits_of
from reckoner.testing.outcome import ArgumentsRefused, Failed, Outcome
from reckoner.testing.trial import Trial
from shared.calculation import calculation_id
from shared.errors import CalculationAborted


def run(function: Function, /, **arguments: Any) -> Outcome:
    """Run a function with these arguments, as JSON has them, and return what came of it.

    The function may be defined anywhere, also in the test itself; one with `fresh=True` at the top
    of a module. What it prints, and its traceback, go to standard error.

    Raises ArgumentsRefused, or Failed with the words that a client would read.
    """
    try:
        bound = function.bind(arguments)
    except ArgumentsFaulty as error:
        raise ArgumentsRefused(error.faults) from None
    estimate = function.estimate(bound)
    limits = limits_of(function)
    answer = _in_a_fork(lambda: _try(function, bound, limits))
    sys.stderr.write(answer["stderr"])
    if "failure" in answer:
        raise Failed(*answer["failure"])
    return Outcome(
        id=calculation_id(function.name, function.version, bound.text),
        arguments_text=bound.text,
        kind=function.kind,
        media_type=function.media_type,
        data=answer["data"],
        check=answer["check"],
        seconds=answer["seconds"],
        peak_bytes=answer["peak_bytes"],
        estimate=estimate,
    )


def _try(function: Function, bound: BoundArguments, limits: Limits) -> dict[str, Any]:
    data = bytearray()
    trial = Trial(function, bound, limits)
    try:
        result = trial.run(data.extend)
    except CalculationAborted as error:
        return {"stderr": trial.stderr, "failure": (error.reason, error.detail, error.details)}
    return {
        "stderr": trial.stderr,
        "data": bytes(data),
        "check": result.check,
        "seconds": result.compute_seconds,
        "peak_bytes": result.peak_bytes,
    }


def _in_a_fork(action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what an action returns in a fork of this process, which takes the worker's place.

    A worker adopts and ends processes that calculations leave behind, which a program that runs
    tests must not do to what it has started itself.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns where a test runner has threads; the fork runs this code only.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(action(), pipe)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(0)
    try:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer: dict[str, Any] = pickle.load(pipe)  # noqa: S301 - our own process wrote it
        return answer
    except (EOFError, pickle.UnpicklingError):  # it was killed, perhaps in the middle of it
        raise Failed("process-died", "The process that ran the trial has ended.") from None
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
