"""One stream of the log lines of all processes, each with the name of its process."""

import os
import queue
import selectors
import threading
import time

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # of a terminal (ECMA-48), for the names
_MAX_LINE_BYTES = 64 * 1024
# How many lines wait for a terminal that is paused (Ctrl-S, a pager) before lines are dropped. No
# process may block on its log: it would stop working.
_MAX_LINES_WAITING = 20_000
_FLUSH_SECONDS = 2.0
_LOG_FORMATS = ("RECKONER_LOG_FORMAT", "RECKONER_LOG_FORMAT_FILE")
_STANDARD_OUTPUT = 1


class LogView:
    """Shows on standard output what the processes write into their pipes (`pipe_for`).

    `own_name` is the name before the lines given to `show`.
    """

    def __init__(self, own_name: str, width: int) -> None:
        self._own_name = own_name
        self._width = width
        self._is_terminal = os.isatty(_STANDARD_OUTPUT)
        self._coloured = self._is_terminal and not _no_colour()
        self._names: dict[str, bytes] = {own_name: self._prefix(own_name, 1)}
        self._pipes: dict[str, int] = {}
        self._selector = selectors.DefaultSelector()
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MAX_LINES_WAITING)
        self._dropped = 0
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="log-reader", daemon=True)
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._reader.start()
        self._writer.start()

    def environment(self) -> dict[str, str]:
        """Return the variables that have a process write as if this view were its terminal."""
        is_form_given = not os.environ.keys().isdisjoint(_LOG_FORMATS)
        form = {} if is_form_given or not self._is_terminal else {_LOG_FORMATS[0]: "text"}
        return form | ({"FORCE_COLOR": "1"} if self._coloured else {})

    def pipe_for(self, name: str) -> int:
        """Return the file descriptor to which the process of this name writes its log."""
        if name not in self._pipes:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            colour = _COLOURS[len(self._pipes) % len(_COLOURS)]
            self._names[name] = self._prefix(name, colour)
            self._pipes[name] = writing
            self._selector.register(reading, selectors.EVENT_READ, (name, bytearray()))
        return self._pipes[name]

    def show(self, text: str) -> None:
        """Show lines of this process itself."""
        for line in text.splitlines():
            self._enqueue(self._own_name, line.encode())

    def close(self) -> None:
        """Show what has been written so far, and stop."""
        self._closing.set()
        self._reader.join(_FLUSH_SECONDS)
        try:
            if self._dropped:
                self._lines.put(self._note_of_dropped_lines(), timeout=_FLUSH_SECONDS)
            self._lines.put(None, timeout=_FLUSH_SECONDS)
        except queue.Full:
            return  # the terminal is paused
        self._writer.join(_FLUSH_SECONDS)

    def _prefix(self, name: str, colour: int) -> bytes:
        text = f"{name:<{self._width}} | "
        return (f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text).encode()

    def _enqueue(self, name: str, line: bytes) -> None:
        try:
            if self._dropped:
                self._lines.put_nowait(self._note_of_dropped_lines())
                self._dropped = 0
            self._lines.put_nowait(self._names[name] + line.rstrip(b"\r") + b"\n")
        except queue.Full:
            self._dropped += 1

    def _note_of_dropped_lines(self) -> bytes:
        return self._names[self._own_name] + f"{self._dropped} lines dropped\n".encode()

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
                    self._enqueue(name, bytes(line))
                rest[:] = last

    def _write(self) -> None:
        """Write lines to standard output until the view is closed; drop them if it is closed."""
        gone = False
        while (line := self._lines.get()) is not None:
            block = bytearray(line)
            while not self._lines.empty() and len(block) < _MAX_LINE_BYTES:
                following = self._lines.get()
                if following is None:
                    self._lines.put(None)
                    break
                block += following
            gone = gone or not _written(block)


def _written(block: bytearray) -> bool:
    """Write all of it to standard output; return whether that is still open."""
    remaining = memoryview(block)
    while remaining:
        try:
            remaining = remaining[os.write(_STANDARD_OUTPUT, remaining) :]
        except BlockingIOError:
            time.sleep(0.01)  # another program made the terminal non-blocking
        except OSError:
            return False
    return True


def _no_colour() -> bool:
    """Return whether the user wants no colours (no-color.org) or the terminal has none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
