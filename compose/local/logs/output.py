"""Where what the processes say goes: all of it into a file, and what matters to the terminal."""

import os
from collections import defaultdict, deque
from collections.abc import Sequence

from compose.local.logs.log_file import LogFile, joined
from compose.local.logs.log_pipes import LogPipes
from compose.local.logs.severity import severity
from compose.local.terminal.screen import DIM, RED, YELLOW, Screen

OWN_NAME = "reckoner"

_LINES_KEPT = 20
_COLOURS = {"WARNING": YELLOW, "ERROR": RED, "CRITICAL": RED}
_LOG_FORMATS = ("RECKONER_LOG_FORMAT", "RECKONER_LOG_FORMAT_FILE")


class Output:
    """Receives the lines of all processes.

    The screen gets warnings and errors of Reckoner's own processes, with `shows_all` every line.
    """

    def __init__(self, file: LogFile, screen: Screen, *, shows_all: bool) -> None:
        self._file = file
        self._screen = screen
        self._shows_all = shows_all
        self._last: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_LINES_KEPT))
        self._pipes = LogPipes(self._receive)

    def environment(self) -> dict[str, str]:
        """Return the variables that have Reckoner's processes write lines for people."""
        is_form_given = not os.environ.keys().isdisjoint(_LOG_FORMATS)
        return {} if is_form_given else {_LOG_FORMATS[0]: "text"}

    def pipe_for(self, name: str) -> int:
        """Return the file descriptor to which the process of this name writes its log."""
        return self._pipes.pipe_for(name)

    def show(self, text: str) -> None:
        """Show lines of `make up` itself, and keep them in the file."""
        for line in text.splitlines():
            self._file.write(OWN_NAME, line)
        self._screen.show(text)

    def last_lines(self, name: str) -> Sequence[str]:
        """Return the last lines of a process."""
        return tuple(self._last[name])

    def close(self) -> None:
        """Keep what has been written so far, and stop."""
        self._pipes.close()
        self._file.close()

    def _receive(self, name: str, line: str) -> None:
        self._file.write(name, line)
        self._last[name].append(line)
        level = severity(name, line)
        if self._shows_all or level:
            shown = joined(name, line)
            self._screen.show(self._screen.coloured(shown, _COLOURS.get(level or "", DIM)))
