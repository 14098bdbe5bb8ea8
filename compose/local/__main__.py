"""`make up`: all of Reckoner on this machine, without Docker, until Ctrl-C."""

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

from compose.local.failure import failure
from compose.local.launcher import Launcher
from compose.local.logs.log_file import LogFile, log_file
from compose.local.logs.output import Output
from compose.local.settings import Access, LocalSettings, check_ports, check_settings, read_settings
from compose.local.state_folder import STATE, locked
from compose.local.stop_signals import StopSignals
from compose.local.supervisor import StopRequested
from compose.local.terminal.progress import Progress
from compose.local.terminal.screen import Screen
from compose.local.terminal.welcome import welcome
from compose.services import ServiceError
from compose.services.errors import NotReady
from compose.services.leftovers import end_leftovers

_MAX_FILES = 65_536


def main() -> int:
    """Run until the user stops it; return the exit status."""
    _open_standard_streams()
    _allow_many_files()
    os.umask(0o077)  # Logs, passwords and data are this user's.
    signals = StopSignals()
    signals.catch()
    try:
        settings = read_settings(os.environ)
        access = check_settings(settings)
        with locked(STATE):
            problem = _run(settings, access, STATE, signals)
    except ServiceError as error:
        problem = failure(error, [])
    if problem is None:
        return 0
    with contextlib.suppress(OSError):
        print(problem.lstrip("\n"), file=sys.stderr, flush=True)
    return 1


def _run(settings: LocalSettings, access: Access, state: Path, signals: StopSignals) -> str | None:
    """Start, run and stop everything; return why it did not start, if it did not."""
    begun = time.monotonic()
    screen = Screen()
    progress = Progress(screen)
    output = Output(LogFile(log_file(state)), screen, shows_all=settings.logs == "on")
    try:
        for name in end_leftovers(state.glob("*/*.process")):
            output.show(f"Ended a process that an earlier run left behind: {name}")
        launcher = Launcher(settings, access, state, output, progress, signals)
        launcher.prepare()
        check_ports(settings)
        try:
            launcher.start()
            # Not into the log: there is a password in it.
            screen.show(welcome(launcher, settings, access, time.monotonic() - begun, screen))
            launcher.run()
        finally:
            _stop(launcher, output, progress)
    except StopRequested:
        pass
    except ServiceError as error:
        lines = output.last_lines(error.program) if isinstance(error, NotReady) else ()
        return failure(error, lines)
    finally:
        output.close()
        screen.close()
    return None


def _stop(launcher: Launcher, output: Output, progress: Progress) -> None:
    """Stop everything, and show what that waits for."""
    begun = time.monotonic()
    progress.clear()
    output.show("Stopping; press Ctrl-C again to stop at once.")
    launcher.stop()
    output.show(f"Stopped, after {time.monotonic() - begun:.1f} s.")


def _open_standard_streams() -> None:
    """Open those of standard input, output and error that are closed, as after `make up >&-`.

    Otherwise the next file opened would get one of their numbers.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one


def _allow_many_files() -> None:
    """Raise the soft limit of open files, which all processes inherit, to at most 65,536.

    A shell's usual limit of 1024 is too low for servers, and Erlang reserves memory for each file
    of the limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(_MAX_FILES, hard)
    if soft != wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
