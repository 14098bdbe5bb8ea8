"""The processes of a stack: started, killed, stopped, continued, and brought back when they die."""

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.children import children_of
from tests.eventually import eventually

_ROOT = Path(__file__).parents[2]

#: What `make up`, Docker and systemd take too: a process that died is back after a moment.
RESTART_SECONDS = 0.5

_TICK_SECONDS = 0.05
_STOPPING_SECONDS = 90.0


class Program:
    """One process of ours, one instance at a time."""

    def __init__(
        self, name: str, module: str, environment: Mapping[str, str], log_folder: Path
    ) -> None:
        self.name = name
        self.module = module
        self.is_wanted = False
        self.died_at = 0.0
        self.log = log_folder / f"{name}.log"
        #: Settings for every instance that the supervisor brings back.
        self.again: dict[str, str] = {}
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def always(self, **settings: object) -> None:
        """Have these settings from the next instance on."""
        for name, value in settings.items():
            self._environment[f"RECKONER_{name.upper()}"] = str(value)

    def set_python_path(self, path: str) -> None:
        """Have the packages in this path from the next instance on."""
        self._environment["PYTHONPATH"] = path

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def worker_pids(self) -> list[int]:
        """The worker processes in it: itself, those of a dramatiq command, or none."""
        if self.module.startswith("dramatiq"):
            return children_of(self.pid) if self.is_running else []
        return [self.pid] if self.module.startswith("workers") else []

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        return self._process.poll() if self._process else None

    def _command(self) -> list[str]:
        first, *rest = self.module.split()
        if first == "dramatiq":  # its script: `python -m dramatiq` cannot reload outside of PATH
            return [str(Path(sysconfig.get_path("scripts")) / first), *rest]
        return [sys.executable, "-m", first, *rest]

    def spawn(self, overrides: Mapping[str, str]) -> None:
        """Start it; the kernel kills it should the tests be killed."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL", "--"),
                    *self._command(),
                ],
                env={**self._environment, **overrides},
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def send(self, number: signal.Signals) -> None:
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):  # it has ended just now
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> None:
        assert self._process is not None
        self._process.wait(seconds)


class Supervisor:
    """Brings back what dies, as a production's would, and without the faults it died of.

    One thread starts all processes, since the kernel takes the end of that thread for the end
    of their parent.
    """

    def __init__(self) -> None:
        self.programs: dict[str, Program] = {}
        self.is_keeping = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="supervisor")
        self._closed = threading.Event()
        self._lock = threading.RLock()
        self._watch = threading.Thread(target=self._run, daemon=True)
        self._watch.start()

    def add(self, program: Program) -> None:
        self.programs[program.name] = program

    def start(self, name: str, **settings: object) -> None:
        """Start a program; `settings` count for this one instance only."""
        overrides = {f"RECKONER_{key.upper()}": str(value) for key, value in settings.items()}
        program = self.programs[name]
        with self._lock:
            self._thread.submit(program.spawn, overrides).result()
            program.is_wanted = True

    def stop(self, name: str) -> float:
        """End a program by SIGTERM, without a restart; return the seconds that it took."""
        program = self.programs[name]
        with self._lock:
            program.is_wanted = False
        began = time.monotonic()
        program.send(signal.SIGCONT)
        program.send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_STOPPING_SECONDS)
        if program.is_running:
            program.send(signal.SIGKILL)
            program.wait(10)
            raise AssertionError(f"{name} did not stop within {_STOPPING_SECONDS:g} s")
        return time.monotonic() - began

    def restart(self, name: str, **settings: object) -> None:
        self.stop(name)
        self.start(name, **settings)

    def kill(self, name: str) -> None:
        """SIGKILL; the supervisor brings it back."""
        program = self.programs[name]
        pid = program.pid
        program.send(signal.SIGKILL)
        eventually(lambda: not program.is_running or program.pid != pid, what=f"{name} dead")

    def remove(self, name: str) -> None:
        self.stop(name)
        del self.programs[name]

    def close(self) -> None:
        """End everything."""
        self._closed.set()
        self._watch.join()
        for program in self.programs.values():
            program.is_wanted = False
            program.send(signal.SIGCONT)
            program.send(signal.SIGTERM)
        for program in self.programs.values():
            if program.is_running:
                try:
                    program.wait(20)
                except subprocess.TimeoutExpired:
                    program.send(signal.SIGKILL)
                    program.wait(10)
        self._thread.shutdown()

    def _run(self) -> None:
        while not self._closed.wait(_TICK_SECONDS):
            with self._lock:
                for program in list(self.programs.values()):
                    self._care_for(program)

    def _care_for(self, program: Program) -> None:
        if not program.is_wanted or program.is_running or not self.is_keeping:
            program.died_at = 0.0
        elif not program.died_at:
            program.died_at = time.monotonic()
        elif time.monotonic() - program.died_at >= RESTART_SECONDS:
            program.died_at = 0.0
            self._thread.submit(program.spawn, program.again).result()
