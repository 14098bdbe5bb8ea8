"""The child's side of one calculation: a fork of the template process, or a fresh interpreter.

The latter is `python -m workers.sandbox.inside.child`, for functions that cannot bear a fork. How a
fork begins is in template.py.

It reads one request from standard input, computes, and writes frames to what was its standard
output. It imports neither the database nor the broker, and gets no address or password of theirs,
so that a mistake in a function harms its own calculation only. This does not stop a malicious
function: it runs as the worker's user and can read what that user can, such as the worker's
environment and files. Installed packages are trusted; see "Trust" in
docs/how-to/install-functions.md.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable

from shared.failures import Failure, explain_failure
from shared.functions.author_code import Stopwatch
from shared.functions.production import produce
from shared.functions.registry import Registry, load_registry
from shared.result import ResultBuilder
from workers.sandbox.exit_reasons import memory_limit_exceeded
from workers.sandbox.inside.memory import peak_memory_bytes
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
    Header,
    Kind,
    Request,
    Summary,
    encode_error,
    encode_frame,
    encode_header,
    encode_progress,
    encode_summary,
)

#: Progress is sent at most this often; the heartbeat stores it less often.
_PROGRESS_SECONDS = 0.1

#: How much of a traceback goes to the worker's log. An exception's text may have any length.
_TRACEBACK_CHARACTERS = 4_000


def main(registry: Callable[[], Registry] = load_registry) -> int:
    """Answer one request; return the process's exit status.

    The request may take long to come. Standard input ends without one when the worker stops.
    """
    output = Output()
    die_with_parent()
    become_subreaper()
    lower_priority()
    keep_freed_memory()
    return answer(registry(), output)


def answer(functions: Registry, output: "Output") -> int:
    """Read the request, compute, and send what came of it; return the process's exit status."""
    text = sys.stdin.read()
    if not text:
        return 0
    request = Request.decode(text)
    exit_if_orphaned(request.parent_pid)
    limit_memory(request.memory_limit_bytes)
    try:
        output.send_summary(_compute(request, functions, output))
    except MemoryError:
        exceeded = memory_limit_exceeded(
            request.memory_limit_bytes, is_declared=request.is_memory_declared
        )
        output.send_error(Failure(exceeded.reason, exceeded.detail))
    except Exception as error:  # a function may raise anything
        failure = explain_failure(error)
        if failure.has_traceback:
            sys.stderr.write(traceback.format_exc()[-_TRACEBACK_CHARACTERS:])
        output.send_error(failure)
    return 0


def _compute(request: Request, functions: Registry, output: "Output") -> Summary:
    """Compute and send the bytes; return what they are after they have passed their check."""
    function = functions.get(request.function, request.version)
    bound = function.bind_text(request.arguments_text)
    own_media_type = function.media_type if function.has_own_media_type else None
    output.send_header(Header(function.kind, own_media_type, function.check_name))
    sent = ResultBuilder(function.kind)
    watch = Stopwatch()
    for piece in produce(
        function,
        bound,
        output.send_progress,
        request.prime,
        watch,
        max_bytes=request.max_result_bytes,
    ):
        sent.feed(piece)
        if not request.is_hash_only:
            output.send_data(piece)
    result = sent.finish(watch.seconds)
    return Summary(result.length, result.sha256, result.compute_seconds, peak_memory_bytes())


class Output:
    """Writes frames to the worker. What the function prints goes to standard error instead."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._file = os.fdopen(os.dup(1), "wb", buffering=0)
        self._next_progress = 0.0
        os.dup2(2, 1)

    def send_progress(self, fraction: float) -> None:
        """Send the fraction that is done, unless one was sent a moment ago."""
        fraction = float(fraction)  # raises here, and at each call, for what is no number
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + _PROGRESS_SECONDS
            self._send(Kind.PROGRESS, encode_progress(fraction))

    def send_header(self, header: Header) -> None:
        """Say what the bytes are; before anything else."""
        self._send(Kind.HEADER, encode_header(header))

    def send_data(self, data: bytes) -> None:
        """Send the next bytes of the result."""
        view = memoryview(data)
        for start in range(0, len(view), MAX_PAYLOAD):
            self._send(Kind.DATA, view[start : start + MAX_PAYLOAD])

    def send_error(self, failure: Failure) -> None:
        """Say why there is no result; nothing follows."""
        self._send(Kind.ERROR, encode_error(failure))

    def send_summary(self, summary: Summary) -> None:
        """Say what the whole result is; nothing follows."""
        self._send(Kind.RESULT, encode_summary(summary))

    def _send(self, kind: Kind, payload: bytes | memoryview) -> None:
        if os.getpid() != self._pid:
            os._exit(1)  # a fork of the function's that returned must not answer again
        remaining = memoryview(encode_frame(kind, payload))
        with self._lock:  # functions may report progress from any thread
            while remaining:
                remaining = remaining[self._file.write(remaining) :]


if __name__ == "__main__":
    sys.exit(main())
