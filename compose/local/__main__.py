"""`make up`: all of Reckoner on this machine, without Docker, until Ctrl-C."""

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

from compose.local.launcher import Launcher
from compose.local.log_view import LogView
from compose.local.settings import Access, LocalSettings, check_ports, check_settings, read_settings
from compose.local.state_folder import STATE, locked
from compose.local.stop_signals import StopSignals
from compose.local.supervisor import StopRequested
from compose.services import ServiceError
from compose.services.leftovers import end_leftovers

_NAME_WIDTH = len("migrations")
_MAX_FILES = 65_536


def main() -> int:
    """Run until the user stops it; return the exit status."""
    _open_standard_streams()
    _allow_many_files()
    os.umask(0o077)  # Logs, passwords and data are this user's.
    signals = StopSignals()
    signals.catch()
    problem: ServiceError | None = None
    try:
        settings = read_settings(os.environ)
        access = check_settings(settings)
        with locked(STATE):
            problem = _run(settings, access, STATE, signals)
    except ServiceError as error:
        problem = error
    if problem is None:
        return 0
    with contextlib.suppress(OSError):
        print(f"{problem.problem}\n{problem.remedy}", file=sys.stderr, flush=True)
    return 1


def _run(
    settings: LocalSettings, access: Access, state: Path, signals: StopSignals
) -> ServiceError | None:
    """Start, run and stop everything; return the error that prevented the start, if any."""
    begun = time.monotonic()
    view = LogView("reckoner", _NAME_WIDTH)
    try:
        for name in end_leftovers(state.glob("*/*.process")):
            view.show(f"Ended a process that an earlier run left behind: {name}")
        launcher = Launcher(settings, access, state, view, signals)
        launcher.prepare()
        check_ports(settings)
        try:
            launcher.start()
            view.show(_welcome(launcher, settings, access, time.monotonic() - begun))
            launcher.run()
        finally:
            view.show("Stopping; press Ctrl-C again to stop at once.")
            launcher.stop()
            view.show("Stopped.")
    except StopRequested:
        pass
    except ServiceError as error:
        return error
    finally:
        view.close()
    return None


def _welcome(launcher: Launcher, settings: LocalSettings, access: Access, seconds: float) -> str:
    """Return the addresses and commands that a user needs."""
    user, password = launcher.rabbitmq.manager
    keys = (
        _keys(launcher)
        if access.are_keys_on
        else "off: whoever reaches this address may do everything"
    )
    return f"""
Reckoner is ready, after {seconds:.1f} s.

  Reckoner          {settings.url}
  functions         {settings.url}/functions
  the API           {settings.url}/docs
  keys              {keys}
  host names        {access.allowed_hosts}
  RabbitMQ          http://localhost:{launcher.rabbitmq.management_port}  user {user}, \
password {password}
  PostgreSQL        127.0.0.1:{launcher.postgres.port}, see var/reckoner.env
  another worker    make worker LANE=heavy
  requests          var/nginx/access.log
  stop              Ctrl-C

"""


def _keys(launcher: Launcher) -> str:
    """Return where the operator's key is; where there is none, how to make another."""
    file = launcher.operator_key.relative_to(launcher.state.parent)
    if launcher.has_operator_key:
        return f"on; the operator's is in {file}"
    return f"on; the operator's is not in {file}: see the log line of `key` above"


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
