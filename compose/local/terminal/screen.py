"""The terminal of `make up`: lines from any thread, and below them what is being done now.

Nobody waits for the terminal: lines wait in a queue while it is paused (Ctrl-S, a pager), and are
dropped and counted once that is full.
"""

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping

_MAX_LINES_WAITING = 20_000
_MAX_BLOCK_BYTES = 64 * 1024
_FLUSH_SECONDS = 2.0
_REDRAW_SECONDS = 0.1
_STANDARD_OUTPUT = 1

# Of a terminal (ECMA-48): back to the beginning of the line, which is then erased.
_ERASE = b"\r\x1b[K"

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


class Screen:
    """Writes to standard output. `status` returns the last line, which a terminal shows alone."""

    def __init__(self, status: Callable[[], str] = str) -> None:
        self.is_terminal = os.isatty(_STANDARD_OUTPUT) and os.environ.get("TERM") != "dumb"
        self.is_coloured = self.is_terminal and not os.environ.get("NO_COLOR")  # no-color.org
        self.has_unicode = has_unicode(os.environ)
        self.status = status
        self._has_status = False
        self._lines: queue.Queue[str | None] = queue.Queue(_MAX_LINES_WAITING)
        self._dropped = 0
        self._writer = threading.Thread(target=self._write, name="screen", daemon=True)
        self._writer.start()

    def show(self, text: str) -> None:
        """Show lines, above the status."""
        for line in text.splitlines():
            self._enqueue(line)

    def coloured(self, text: str, colour: str) -> str:
        """Return the text in this colour, where there are colours."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.is_coloured else text

    def close(self) -> None:
        """Show what is waiting, remove the status, and stop."""
        try:
            if self._dropped:
                self._lines.put(self._note_of_dropped_lines(), timeout=_FLUSH_SECONDS)
            self._lines.put(None, timeout=_FLUSH_SECONDS)
        except queue.Full:
            return  # the terminal is paused
        self._writer.join(_FLUSH_SECONDS)

    def _enqueue(self, line: str) -> None:
        try:
            if self._dropped:
                self._lines.put_nowait(self._note_of_dropped_lines())
                self._dropped = 0
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _note_of_dropped_lines(self) -> str:
        return f"{self._dropped} lines dropped"

    def _write(self) -> None:
        """Write until the screen is closed; drop everything if standard output is."""
        is_open, is_closing = True, False
        while not is_closing:
            lines, is_closing = self._next_lines()
            block = self._erased() + "".join(f"{line}\n" for line in lines).encode()
            if not is_closing:
                block += self._status()
            is_open = is_open and _written(block)

    def _next_lines(self) -> tuple[list[str], bool]:
        """Return the lines that wait, none if the status is to be drawn again, and whether to end.

        Waits for a line where there is nothing to draw.
        """
        lines: list[str] = []
        try:
            line = self._lines.get(timeout=_REDRAW_SECONDS if self.is_terminal else None)
            while line is not None and sum(map(len, lines)) < _MAX_BLOCK_BYTES:
                lines.append(line)
                line = self._lines.get_nowait()
        except queue.Empty:
            return lines, False
        if line is not None:
            lines.append(line)
        return lines, line is None

    def _erased(self) -> bytes:
        """Return what removes the status that stands on the terminal."""
        had_status, self._has_status = self._has_status, False
        return _ERASE if had_status else b""

    def _status(self) -> bytes:
        text = self.status() if self.is_terminal else ""
        self._has_status = bool(text)
        # One column less than there are: some terminals wrap after the last.
        return text[: max(shutil.get_terminal_size().columns - 1, 0)].encode()


def has_unicode(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal shows more than ASCII, by the locale of who started this."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return "utf" in locale.lower()


def _written(block: bytes) -> bool:
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
