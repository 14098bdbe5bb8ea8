"""The worker's side of one calculation: send the request, receive bytes, enforce the limits.

The child's side is inside/child.py; what goes over the pipes between them is in protocol.py.
"""

import os
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from shared.errors import CalculationAborted
from workers.sandbox.exit_reasons import explain_exit, memory_limit_exceeded, time_limit_exceeded
from workers.sandbox.outside.descendants import (
    descendants_of,
    held_bytes,
    hold_more_than,
    resident_bytes,
)
from workers.sandbox.outside.out_of_memory import count_oom_kills
from workers.sandbox.outside.process import ChildProcess
from workers.sandbox.protocol import (
    FrameReader,
    Header,
    Kind,
    Request,
    Summary,
    decode_error,
    decode_header,
    decode_progress,
    decode_summary,
    out_of_order,
)

_READ_BYTES = 2**18
_STDERR_KEPT_BYTES = 4096

#: The longest time between two checks of the deadline, of the memory and of the child itself.
_CHECK_SECONDS = 0.1

#: The exact memory of several processes takes the kernel longer to add up.
_SAMPLE_SECONDS = 1.0

#: How long a child may take to end after it has closed its output.
_EXIT_SECONDS = 2.0


class Sandbox:
    """One calculation in a child process that waits for its request. Use it in a `with` block.

    `kill` may be called from any thread, everything else from one.
    """

    def __init__(self, request: Request, process: ChildProcess) -> None:
        self._request = request
        self._process = process
        self._deadline = 0.0
        self._oom_kills = count_oom_kills()
        self._stderr = bytearray()
        self._header: Header | None = None
        self._summary: Summary | None = None
        self._idle_bytes = resident_bytes(process.pid)
        self._next_memory_check = time.monotonic() + _CHECK_SECONDS
        self._sampled_bytes = 0
        self._next_sample = 0.0

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def header(self) -> Header:
        """What the bytes are, once `receive` has yielded some or has ended."""
        assert self._header is not None
        return self._header

    @property
    def summary(self) -> Summary:
        """The child's own account of the bytes that it has sent, once `receive` has ended."""
        assert self._summary is not None
        return self._summary

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that the child, or it and its descendants together, have held."""
        return max(self.summary.peak_bytes or 0, self._sampled_bytes) or None

    @property
    def stderr(self) -> str:
        """The last of what the child wrote to standard error."""
        return self._stderr.decode("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.close()

    def receive(
        self, on_progress: Callable[[float], None], check_interrupt: Callable[[], None]
    ) -> Iterator[bytes]:
        """Yield bytes as they arrive; they are known to be right only after the last.

        `check_interrupt` is called several times a second and raises to stop. The time that the
        caller takes for a piece does not count as the child's.

        Raises CalculationAborted if the child fails or exceeds a limit, and ProcessDied if it ends
        in a way that another attempt may avoid.
        """
        self._deadline = time.monotonic() + self._request.time_limit_seconds
        for kind, payload in self._frames(check_interrupt):
            if kind is Kind.PROGRESS:
                on_progress(decode_progress(payload))
            elif kind is Kind.HEADER and self._header is None:
                self._header = decode_header(payload)
            elif kind is not Kind.ERROR and self._header is None:
                raise out_of_order()
            elif kind is Kind.DATA:
                left_at = time.monotonic()
                yield payload
                self._deadline += time.monotonic() - left_at
            elif kind is Kind.RESULT:
                self._summary = decode_summary(payload)
                self.kill()  # it frees its memory while the last bytes are stored
                return
            elif kind is Kind.ERROR:
                raise decode_error(payload)
            else:
                raise out_of_order()
        check_interrupt()  # this worker itself may have killed it
        raise self._exit_error()

    def _frames(self, check_interrupt: Callable[[], None]) -> Iterator[tuple[Kind, bytes]]:
        """Send the request, and yield frames until the output or the process ends."""
        reader = FrameReader()
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        unsent = memoryview(self._request.encode())
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            selector.register(stdin, selectors.EVENT_WRITE)
            while True:
                check_interrupt()
                if time.monotonic() > self._deadline:
                    raise time_limit_exceeded(
                        self._request.time_limit_seconds,
                        is_declared=self._request.is_time_declared,
                    )
                self._check_memory()
                # Before the pipe is read: what it wrote before it ended is then in the pipe.
                has_ended = self._process.has_ended()
                events = selector.select(0 if has_ended else _CHECK_SECONDS)
                ready = [key.fileobj for key, _ in events]
                if stdin in ready:
                    unsent = self._send(unsent)
                    if not unsent:
                        selector.unregister(stdin)
                        stdin.close()
                if stderr in ready and not self._read_stderr():
                    selector.unregister(stderr)
                if stdout in ready:
                    data = os.read(stdout.fileno(), _READ_BYTES)
                    if not data:
                        return
                    yield from reader.feed(data)
                elif has_ended:
                    # A process that it left behind may hold the pipe open.
                    return

    def _check_memory(self) -> None:
        """Raise CalculationAborted if the child and its descendants together hold too much.

        The limit of its address space bounds the child alone: each fork has one of its own.
        """
        if time.monotonic() < self._next_memory_check:
            return
        self._next_memory_check = time.monotonic() + _CHECK_SECONDS
        descendants = descendants_of(self.pid)
        if not descendants:
            return
        family = [self.pid, *descendants]
        limit = self._request.memory_limit_bytes
        if hold_more_than(self._idle_bytes + limit, family):
            raise memory_limit_exceeded(
                limit, processes=len(family), is_declared=self._request.is_memory_declared
            )
        if time.monotonic() >= self._next_sample:
            self._next_sample = time.monotonic() + _SAMPLE_SECONDS
            self._sampled_bytes = max(self._sampled_bytes, held_bytes(family))

    def _send(self, data: memoryview) -> memoryview:
        """Write as much as the pipe takes, and return the rest."""
        try:
            return data[os.write(self._process.stdin.fileno(), data) :]
        except BrokenPipeError:
            return data[:0]  # the child has ended, which the next check finds

    def _read_stderr(self) -> bool:
        """Read what is there; return False at the end of the file."""
        data = os.read(self._process.stderr.fileno(), _READ_BYTES)
        self._stderr = (self._stderr + data)[-_STDERR_KEPT_BYTES:]
        return bool(data)

    def _exit_error(self) -> CalculationAborted:
        """Wait for the child to end, reap it, and return the error for how it ended."""
        wait_until = time.monotonic() + _EXIT_SECONDS
        while not self._process.has_ended() and time.monotonic() < wait_until:
            time.sleep(0.01)
        has_exited = self._process.has_ended()
        with suppress(BlockingIOError):
            while self._read_stderr():
                pass
        self._process.close()
        return explain_exit(
            self._process.exit_status if has_exited else 0,
            self.stderr,
            self._request.memory_limit_bytes,
            is_declared=self._request.is_memory_declared,
            is_out_of_memory=count_oom_kills() > self._oom_kills,
        )

    def kill(self) -> None:
        """Kill the child now. Harmless when it is gone."""
        self._process.kill()
