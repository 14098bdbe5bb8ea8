"""The child's side of one calculation: `python -m workers.sandbox.child`, started by the worker.

It reads one request from standard input, computes, and writes frames to what was its standard
output. It imports neither the database nor the broker, and gets no address or password of theirs,
so that a mistake in a function harms its own calculation only. This does not stop a malicious
function: it runs as the worker's user and can read what that user can, such as the worker's
environment and files. Installed packages are trusted; see "Trust" in docs/adding-a-function.md.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from shared.failures import explain_failure
from shared.functions.registry import Registry, load_registry
from shared.functions.verification import verified
from shared.result import Result, ResultBuilder
from workers.sandbox.exit_reasons import memory_limit_exceeded
from workers.sandbox.limits import (
    become_subreaper,
    die_with_parent,
    exit_if_orphaned,
    keep_freed_memory,
    limit_memory,
    lower_priority,
)
from workers.sandbox.protocol import (
    MAX_PAYLOAD,
    Kind,
    Request,
    encode_error,
    encode_frame,
    encode_progress,
    encode_result,
)

_Value = TypeVar("_Value")

#: Progress is sent at most this often; the heartbeat stores it less often.
_PROGRESS_SECONDS = 0.1


def main(registry: Callable[[], Registry] = load_registry) -> int:
    """Answer one request; return the process's exit status.

    The request may take long to come. Standard input ends without one when the worker stops.
    """
    output = _Output()
    die_with_parent()
    become_subreaper()
    lower_priority()
    keep_freed_memory()
    functions = registry()
    text = sys.stdin.read()
    if not text:
        return 0
    request = Request.decode(text)
    exit_if_orphaned(request.parent_pid)
    limit_memory(request.memory_limit_bytes)
    try:
        output.send_result(_compute(request, functions, output))
    except MemoryError:
        exceeded = memory_limit_exceeded(request.memory_limit_bytes)
        output.send_error(exceeded.reason, exceeded.detail)
    except Exception as error:  # a function may raise anything
        reason, detail = explain_failure(error)
        if reason == "function-failed":
            traceback.print_exc()
        output.send_error(reason, detail)
    return 0


def _compute(request: Request, functions: Registry, output: "_Output") -> Result:
    """Compute and send the digits; return their result after they have passed their check."""
    function = functions.get(request.function, request.version)
    bound = function.bind_text(request.arguments_text)
    sent = ResultBuilder()
    watch = _Stopwatch()
    digits = watch.call(lambda: function.call(bound, output.send_progress))
    pieces = (digits,) if isinstance(digits, str) else watch.each(digits)
    for piece in verified(function, bound, pieces, request.prime):
        ascii_digits = piece.encode("ascii")
        sent.feed(ascii_digits)
        output.send_digits(ascii_digits)
    return sent.finish(watch.seconds)


class _Stopwatch:
    """The time spent in the function itself, without checking and sending its digits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def call(self, action: Callable[[], _Value]) -> _Value:
        began = time.perf_counter()
        try:
            return action()
        finally:
            self.seconds += time.perf_counter() - began

    def each(self, pieces: Iterable[str]) -> Iterator[str]:
        iterator = iter(pieces)
        while True:
            try:
                piece = self.call(iterator.__next__)
            except StopIteration:
                return
            yield piece


class _Output:
    """Writes frames to the worker. What the function prints goes to standard error instead."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._file = os.fdopen(os.dup(1), "wb", buffering=0)
        self._next_progress = 0.0
        os.dup2(2, 1)

    def send_progress(self, fraction: float) -> None:
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + _PROGRESS_SECONDS
            self._send(Kind.PROGRESS, encode_progress(fraction))

    def send_digits(self, digits: bytes) -> None:
        view = memoryview(digits)
        for start in range(0, len(view), MAX_PAYLOAD):
            self._send(Kind.DIGITS, view[start : start + MAX_PAYLOAD])

    def send_error(self, reason: str, detail: str) -> None:
        self._send(Kind.ERROR, encode_error(reason, detail))

    def send_result(self, result: Result) -> None:
        self._send(Kind.RESULT, encode_result(result))

    def _send(self, kind: Kind, payload: bytes | memoryview) -> None:
        if os.getpid() != self._pid:
            os._exit(1)  # a fork of the function's that returned must not answer again
        remaining = memoryview(encode_frame(kind, payload))
        with self._lock:  # functions may report progress from any thread
            while remaining:
                remaining = remaining[self._file.write(remaining) :]


if __name__ == "__main__":
    sys.exit(main())
