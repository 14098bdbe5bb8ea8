"""A program run in a session of its own: started, watched, and ended with all its children."""

import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compose.services import process_table
from compose.services.errors import NotReady
from compose.services.leftovers import write_record
from compose.services.programs import Account

# The signals to send in turn, each with how many seconds to wait for its effect.
StopPlan = Sequence[tuple[signal.Signals, float]]

TERMINATE: StopPlan = ((signal.SIGTERM, 10.0),)

_POLL_SECONDS = 0.02
_READY_POLL_SECONDS = 0.1
_HURRIED_SECONDS = 0.5
_KILL_SECONDS = 10.0


def no_hurry() -> bool:
    """Never shorten a stop."""
    return False


class Process:
    """A program that can be started repeatedly, one instance at a time.

    `output` is a file descriptor for its standard output and error; without it they are appended
    to the file `log`. `record` is a file that identifies the running instance, see leftovers.py.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        folder: Path,
        record: Path,
        log: Path,
        output: int | None = None,
        account: Account | None = None,
        stop_plan: StopPlan = TERMINATE,
    ) -> None:
        self.name = name
        self._command = [str(word) for word in command]
        self._environment = dict(environment)
        self._folder = folder
        self._record = record
        self._log = log
        self._output = output
        self._account = account
        self._stop_plan = stop_plan
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The process id of the last instance."""
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        """Whether the program runs now."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_status(self) -> int | None:
        """The last instance's exit status, or minus the signal that killed it."""
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """Start the program; first kill what an earlier instance left behind."""
        if self.running:
            return
        self.kill()
        self._child = _spawner().submit(self._spawn).result()
        entry = process_table.find(self._child.pid)
        self._started = entry.started if entry else 0.0
        write_record(self._record, self._child.pid, self._started, self._folder)

    def family(self) -> list[process_table.Entry]:
        """Return the living processes of the last instance: the program and its descendants."""
        if self._child is None:
            return []
        return process_table.family_of(self._child.pid, self._started)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program, not to its children."""
        if self._child is not None:
            self._child.send_signal(number)

    def stop(self, hurry: Callable[[], bool] = no_hurry) -> None:
        """Send the stop plan's signals, then kill what is left of the program.

        Once `hurry` returns true, each signal has half a second.
        """
        for number, seconds in self._stop_plan:
            if not self.running:
                break
            self.send(number)
            begun = time.monotonic()
            while self.running:
                allowed = min(seconds, _HURRIED_SECONDS) if hurry() else seconds
                if time.monotonic() - begun > allowed:
                    break
                time.sleep(_POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the program and all its descendants by SIGKILL."""
        if self._child is None:
            return
        give_up = time.monotonic() + _KILL_SECONDS
        # Listed again after each round: a child may have been started in between.
        while family := self.family():
            for entry in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(entry.pid, signal.SIGKILL)
            self._child.poll()
            if time.monotonic() > give_up:
                break  # in an uninterruptible system call, after which the kernel ends it
            time.sleep(_POLL_SECONDS)
        self._child.wait()
        self._record.unlink(missing_ok=True)

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return once `ready` returns true; `NotReady` if the program ends or time runs out."""
        give_up = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise NotReady(f"{self.name} ended with {self.exit_status}.", self._hint())
            if time.monotonic() > give_up:
                raise NotReady(f"{self.name} did not answer in {timeout:g} s.", self._hint())
            time.sleep(_READY_POLL_SECONDS)

    def _hint(self) -> str:
        return f"See its log: {self._log}" if self._output is None else "See its log."

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Run the command through setpriv(1), which replaces itself by it.

        If this process ends without stopping the program, the kernel sends it the first signal of
        its stop plan. A preexec_fn could do the same, but is unsafe in a process with threads.
        """
        prefix = ["setpriv", "--pdeathsig", self._stop_plan[0][0].name.removeprefix("SIG")]
        if self._account is not None:
            account = self._account
            prefix += [f"--reuid={account.uid}", f"--regid={account.gid}", "--init-groups"]
        with contextlib.ExitStack() as stack:
            output = self._output
            if output is None:
                output = stack.enter_context(self._log.open("ab")).fileno()
            return subprocess.Popen(
                [*prefix, "--", *self._command],
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,  # only the owner may read what it writes, logs included
            )


@functools.cache
def _spawner() -> ThreadPoolExecutor:
    """Return the thread that starts all programs.

    When the thread that started a program ends, the kernel takes that for the end of its parent,
    so this thread lives as long as this process.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
