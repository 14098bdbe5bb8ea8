"""A child process seen from its worker: ask it, read it, kill it and all that it started."""

import fcntl
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from shared.errors import CalculationAborted
from shared.result import Result
from workers.sandbox.contract import Request, decode_error, decode_result
from workers.sandbox.descendants import (
    descendants_of,
    end_orphans,
    exceed,
    note_reaped,
    resident_bytes,
)
from workers.sandbox.exit_reasons import cause_of_death
from workers.sandbox.frames import FrameReader, Kind, unpack_progress
from workers.sandbox.out_of_memory import count_oom_kills

_PIPE_BYTES = 2**20
_READ_BYTES = 2**18
_STDERR_KEPT_BYTES = 4096

#: How long a look at the deadline, at the lease and at the process itself may be put off.
_LOOK_SECONDS = 0.1

#: How long a child may take from closing its output to ending.
_ENDING_SECONDS = 2.0


class Sandbox:
    """One child process, its process group and all below it. Use it in a `with` block.

    Takes a process that waits for its request. `kill` may come from any thread; everything else
    belongs to one.
    """

    def __init__(self, request: Request, process: subprocess.Popen[bytes]) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._reaped = False
        self._deadline = 0.0
        self._oom_kills = count_oom_kills()
        self._stderr = bytearray()
        self._result: Result | None = None
        self._process = process
        self._idle_bytes = resident_bytes(process.pid)
        self._next_look = time.monotonic() + _LOOK_SECONDS
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin = self._process.stdin
        self._in = self._stdin.fileno()
        self._out = self._process.stdout.fileno()
        self._err = self._process.stderr.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        os.set_blocking(self._err, False)
        with suppress(OSError):  # the kernel may grant users less; then there are more reads
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        """The child's process id, which is also its group's."""
        return self._process.pid

    @property
    def result(self) -> Result:
        """What the child says that it has sent, once `pieces` has ended."""
        assert self._result is not None
        return self._result

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
        self.close()

    def pieces(
        self, on_progress: Callable[[float], None], keep_on: Callable[[], None]
    ) -> Iterator[bytes]:
        """Yield digits as they arrive; they are not right before the last has been yielded.

        `keep_on` is called several times a second and raises to stop. The time that the caller
        spends between two pieces is not the child's and does not count.

        Raises CalculationAborted when the child fails or exceeds its time, and ProcessDied when it
        dies in a way that another attempt may not.
        """
        self._deadline = time.monotonic() + self._request.time_limit_seconds
        for kind, payload in self._frames(keep_on):
            if kind is Kind.PROGRESS:
                on_progress(unpack_progress(payload))
            elif kind is Kind.DIGITS:
                left_at = time.monotonic()
                yield payload
                self._deadline += time.monotonic() - left_at
            elif kind is Kind.RESULT:
                self._result = decode_result(payload)
                self.kill()  # giving back its memory takes it a while, in which digits are stored
                return
            else:
                raise decode_error(payload)
        keep_on()  # it may have been killed by us
        raise self._death()

    def _frames(self, keep_on: Callable[[], None]) -> Iterator[tuple[Kind, bytes]]:
        """Yield frames until the output ends or the process does."""
        reader = FrameReader()
        unsent = memoryview(self._request.encode(os.getpid()))
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            selector.register(self._err, selectors.EVENT_READ)
            selector.register(self._in, selectors.EVENT_WRITE)
            while True:
                keep_on()
                if time.monotonic() > self._deadline:
                    raise CalculationAborted(
                        "time-limit",
                        f"It ran longer than the {self._request.time_limit_seconds:g} seconds "
                        "that one attempt may take (RECKONER_TIME_LIMIT_SECONDS).",
                    )
                self._look_at_memory()
                # Asked first: what it wrote before it ended is then in the pipe.
                ended = self._has_ended()
                ready = [key.fd for key, _ in selector.select(0 if ended else _LOOK_SECONDS)]
                if self._in in ready:
                    unsent = self._send(unsent)
                    if not unsent:
                        selector.unregister(self._in)
                        self._stdin.close()
                if self._err in ready and not self._read_stderr():
                    selector.unregister(self._err)
                if self._out in ready:
                    data = os.read(self._out, _READ_BYTES)
                    if not data:
                        return
                    yield from reader.feed(data)
                elif ended:
                    # Something that it left behind may hold the pipe open for ever.
                    return

    def _look_at_memory(self) -> None:
        """Raise CalculationAborted if the child and those below it hold too much between them.

        A child alone keeps to its limit of addresses; each that it forks has one of its own.
        """
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_SECONDS
        below = descendants_of(self.pid)
        limit = self._request.memory_limit_bytes
        if below and exceed([self.pid, *below], self._idle_bytes + limit):
            raise CalculationAborted(
                "memory-limit",
                f"Its {1 + len(below)} processes together needed more than the {limit:,} bytes "
                "that a calculation may use (RECKONER_MEMORY_LIMIT_BYTES).",
            )

    def _send(self, data: memoryview) -> memoryview:
        """Send what the pipe takes, and return what is left to send."""
        try:
            return data[os.write(self._in, data) :]
        except BrokenPipeError:
            return data[:0]  # it has died, as will be seen

    def _read_stderr(self) -> bool:
        data = os.read(self._err, _READ_BYTES)
        self._stderr = (self._stderr + data)[-_STDERR_KEPT_BYTES:]
        return bool(data)

    def _has_ended(self) -> bool:
        """Say whether the child has ended, and leave it unreaped, so that its id stays its own."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def _death(self) -> CalculationAborted:
        """Find out how the child came to its end."""
        end_by = time.monotonic() + _ENDING_SECONDS
        while not self._has_ended() and time.monotonic() < end_by:
            time.sleep(0.01)
        ended_itself = self._has_ended()
        with suppress(BlockingIOError):
            while self._read_stderr():
                pass
        self.close()
        return cause_of_death(
            self._process.returncode if ended_itself else 0,
            self.stderr,
            self._request.memory_limit_bytes,
            is_out_of_memory=count_oom_kills() > self._oom_kills,
        )

    def kill(self) -> None:
        """Kill the child and everything in its group, now. Harmless when it is gone.

        What has left the group ends in `close`.
        """
        with self._lock:
            if not self._reaped:
                # The leader is ours and not reaped, so the group's id cannot be another's.
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill what is left of it and of all that it started, reap it, and close the pipes."""
        if self._reaped:
            return
        self.kill()
        # Outside the lock, as a process takes its time to give gigabytes back.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._process.wait()
            self._reaped = True
        note_reaped(self.pid)
        end_orphans()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
