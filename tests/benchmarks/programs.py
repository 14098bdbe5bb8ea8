"""Processes that a benchmark starts: their logs, their end, and the processor time they take."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from compose.services import process_table

ROOT = Path(__file__).parents[2]

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 30


class Programs:
    """Some processes, ended together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> int:
        """Start a process whose output goes to `name`.log; return its id.

        The kernel kills it should this process be killed.
        """
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                env={**os.environ, **(environment or {})},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.processes[name].pid

    def start_python(
        self, name: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> int:
        """Start this Python with these arguments, as `-m module`."""
        return self.start(name, [sys.executable, *arguments], environment)

    def check(self) -> None:
        """Raise if one of them has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                log = (self.folder / f"{name}.log").read_text()[-3_000:]
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{log}")

    def stop(self, *names: str) -> None:
        """End those named, or all, the last one first: by SIGTERM, then by force."""
        ending = [self.processes.pop(name) for name in names or list(reversed(self.processes))]
        for process in ending:
            process.terminate()
        for process in ending:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def cpu_seconds(root: int) -> float:
    """Return the processor time of a process, its descendants, and those that have ended."""
    found = process_table.find(root)
    if found is None:
        return 0.0
    total = 0
    for entry in process_table.family_of(root, found.started):
        try:
            text = Path(f"/proc/{entry.pid}/stat").read_text()
        except OSError:
            continue
        # utime, stime, and of children that were waited for: columns 14 to 17 of proc(5).
        total += sum(map(int, text.rpartition(")")[2].split()[11:15]))
    return total / _TICKS


def peak_memory_bytes(pid: int) -> int:
    """Return the most memory that a living process has held (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no VmHWM")
