"""A terminal in which `reckoner` runs: what it shows, and what is typed."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
from typing import Self

from tests.e2e.cli.command import PROGRAM, environment

CTRL_C = b"\x03"

_CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command in a terminal of its own; with `output`, its standard output goes there."""

    def __init__(
        self, url: str, *arguments: str, columns: int = 120, output: int | None = None, **more: str
    ) -> None:
        self._screen = bytearray()
        self._closing = threading.Event()
        self._master, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        variables = environment(url, TERM="xterm-256color", **more)
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            if name not in more:
                variables.pop(name, None)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *PROGRAM, *arguments],
            env=variables,
            stdin=terminal,
            stdout=terminal if output is None else output,
            stderr=terminal,
        )
        os.close(terminal)

    def _read(self) -> None:
        while not self._closing.is_set():
            if select.select([self._master], [], [], 0.02)[0]:
                try:
                    self._screen += os.read(self._master, 65_536)
                except OSError:  # nobody has it open any more
                    return

    @property
    def raw(self) -> bytes:
        """All that was written, with the codes that move and colour it."""
        return bytes(self._screen)

    @property
    def text(self) -> str:
        """All that was written, without such codes."""
        return _CODES.sub(b"", self.raw).decode().replace("\r\n", "\n")

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait(self) -> int:
        """Return its exit status; all that it wrote has been read then."""
        status = self.process.wait(60)
        self._reader.join(10)
        assert "Traceback" not in self.text, self.text
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._closing.set()
        self._reader.join()
        os.close(self._master)
