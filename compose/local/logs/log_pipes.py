"""The pipes into which the processes of `make up` write their logs, read line by line."""

import os
import re
import selectors
import threading
from collections.abc import Callable

_MAX_LINE_BYTES = 64 * 1024
_FLUSH_SECONDS = 2.0

# Would control the terminal; PostgreSQL, for one, logs what clients have sent.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class LogPipes:
    """Calls `receive` with the name of a process and a line of its log, for each line of all.

    No process may block on its log, since it would stop working: `receive` must return soon.
    """

    def __init__(self, receive: Callable[[str, str], None]) -> None:
        self._receive = receive
        self._pipes: dict[str, int] = {}
        self._selector = selectors.DefaultSelector()
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="log-reader", daemon=True)
        self._reader.start()

    def pipe_for(self, name: str) -> int:
        """Return the file descriptor to which the process of this name writes its log."""
        if name not in self._pipes:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            self._pipes[name] = writing
            self._selector.register(reading, selectors.EVENT_READ, (name, bytearray()))
        return self._pipes[name]

    def close(self) -> None:
        """Pass on what has been written so far, and stop."""
        self._closing.set()
        self._reader.join(_FLUSH_SECONDS)

    def _read(self) -> None:
        """Take lines out of all pipes, until closed and all are empty."""
        while True:
            # A time-out, because the pipe of a process that starts later is not being watched yet.
            ready = self._selector.select(timeout=0.1)
            if not ready and self._closing.is_set():
                return
            for key, _ in ready:
                name, rest = key.data
                try:
                    rest += os.read(key.fd, _MAX_LINE_BYTES)
                except BlockingIOError:
                    continue
                *lines, last = rest.split(b"\n")
                if len(last) > _MAX_LINE_BYTES:
                    lines, last = [*lines, last], bytearray()
                for line in lines:
                    text = line.decode(errors="replace").rstrip("\r")
                    self._receive(name, _CONTROL.sub("?", text))
                rest[:] = last
