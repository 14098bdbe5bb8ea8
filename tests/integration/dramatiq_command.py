"""Workers by Dramatiq's own command line, as its users start them."""

import os
import signal
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from shared.calculation import Lane
from shared.config import Settings
from tests.children import children_of
from tests.eventually import eventually

_ROOT = Path(__file__).parents[2]
DRAMATIQ = Path(sysconfig.get_path("scripts")) / "dramatiq"


class DramatiqCommand:
    """`dramatiq workers.app:LANE` with some options, its main process and its workers."""

    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        log: Path,
        *options: str,
        module: str = "workers.app",
        **environment: object,
    ) -> None:
        self.log = log
        self._command: Sequence[str] = (str(DRAMATIQ), f"{module}:{lane}", *options)
        self._environment = os.environ | {
            "RECKONER_DATABASE_URL": settings.database_url,
            "RECKONER_BROKER_URL": settings.broker_url,
            **{f"RECKONER_{name.upper()}": str(value) for name, value in environment.items()},
        }

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, cwd=_ROOT, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *_: object) -> None:
        workers = self.worker_pids()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in workers:  # stopped by the kernel's signal, unless a test has stopped them
            eventually(lambda pid=pid: not is_running(pid), what=f"worker {pid} ended")  # type: ignore[misc]

    def wait_booted(self) -> None:
        """Return once the main process has seen all its workers start."""
        eventually(lambda: "is booting up" in self.log.read_text(), what="booted")

    def worker_pids(self) -> list[int]:
        """Return the ids of the worker processes that are there now."""
        return children_of(self.process.pid) if self.process.poll() is None else []

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the main process, as a supervisor does."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 30) -> int:
        """Return the exit status of the main process."""
        return self.process.wait(seconds)


def is_running(pid: int) -> bool:
    """Return whether a process is there and has not ended unreaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
