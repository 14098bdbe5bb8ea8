"""`make up`: all of Reckoner on this machine, without Docker, until Ctrl-C."""

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

from compose.local.launcher import Launcher
from compose.local.log_view import LogView
from compose.local.settings import LocalSettings, check_ports, check_settings, read_settings
from compose.local.state_folder import STATE, held
from compose.local.stop_signals import StopSignals
from compose.local.supervisor import StopRequested
from compose.services import ServiceError
from compose.services.leftovers import end_leftovers

_NAME_WIDTH = len("migrations")
_MAX_FILES = 65_536


def main() -> int:
    """Run until the user wants an end; return the status to exit with."""
    _open_standard_streams()
    _allow_many_files()
    os.umask(0o077)  # Logs, passwords and data are this user's.
    signals = StopSignals()
    signals.catch()
    problem: ServiceError | None = None
    try:
        settings = read_settings(os.environ)
        check_settings()
        with held(STATE):
            problem = _run(settings, STATE, signals)
    except ServiceError as error:
        problem = error
    if problem is None:
        return 0
    with contextlib.suppress(OSError):
        print(f"{problem.problem}\n{problem.remedy}", file=sys.stderr, flush=True)
    return 1


def _run(settings: LocalSettings, state: Path, signals: StopSignals) -> ServiceError | None:
    """Start, run and stop everything; return what went wrong at the start, if something did."""
    begun = time.monotonic()
    view = LogView("reckoner", _NAME_WIDTH)
    try:
        for name in end_leftovers(state.glob("*/*.process")):
            view.say(f"Ended what an earlier run had left behind: {name}")
        launcher = Launcher(settings, state, view, signals)
        launcher.prepare()
        check_ports(settings)
        try:
            launcher.start()
            view.say(_welcome(launcher, settings, time.monotonic() - begun))
            launcher.run()
        finally:
            view.say("Stopping; a second Ctrl-C hurries.")
            launcher.stop()
            view.say("Stopped.")
    except StopRequested:
        pass
    except ServiceError as error:
        return error
    finally:
        view.close()
    return None


def _welcome(launcher: Launcher, settings: LocalSettings, seconds: float) -> str:
    """Return what a user wants to know now."""
    rabbitmq = launcher.rabbitmq
    return f"""
Reckoner is ready, after {seconds:.1f} s.

  Reckoner          {settings.url}
  functions         {settings.url}/functions
  RabbitMQ          http://localhost:{rabbitmq.management_port}  user {rabbitmq.user}, \
password {rabbitmq.password}
  PostgreSQL        127.0.0.1:{launcher.postgres.port}, see var/reckoner.env
  one more worker   make worker LANE=heavy
  requests          var/nginx/access.log
  stop              Ctrl-C

"""


def _open_standard_streams() -> None:
    """Open what is closed of standard input, output and error, as `make up >&-` leaves it.

    Otherwise the next file would be taken for it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _allow_many_files() -> None:
    """Let every process open as many files as its user may, but not a senseless number.

    A shell's usual limit of 1024 is too low for servers; and Erlang sets memory aside for all.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(_MAX_FILES, hard)
    if soft != wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
