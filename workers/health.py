"""`python -m workers.health [quick|heavy] [--pid PID]`: exit 0 if workers here are healthy, else 1.

For the health check of a container or a service. A worker is healthy if PostgreSQL has its
heartbeat, so a worker that lives but cannot reach PostgreSQL is found too. Without --pid every
worker process of this host is checked, of the lane if one is given, and there must be one.
"""

import argparse
import socket
import sys
from pathlib import Path

from shared.calculation import Lane
from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid
from shared.postgres.connections import make_engine
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient
from shared.store.presence import SILENT_SECONDS, find_silences


def main() -> None:
    """Check what the command line names, and exit."""
    parser = argparse.ArgumentParser(prog="python -m workers.health", description=__doc__)
    parser.add_argument("lane", nargs="?", choices=[str(lane) for lane in Lane], help="if not both")
    parser.add_argument("--pid", type=int, help="check this process alone")
    options = parser.parse_args()
    try:
        lane = Lane(options.lane) if options.lane else None
        fault = find_fault(load_settings(), socket.gethostname(), lane, options.pid)
    except SettingsInvalid as error:
        fault = str(error)
    sys.exit(fault)  # None means 0; a text goes to standard error and means 1


def find_fault(
    settings: Settings, host: str, lane: Lane | None = None, pid: int | None = None
) -> str | None:
    """Return what is wrong with the workers of a host; None if nothing is."""
    engine = make_engine(settings.sqlalchemy_url, connections=1, name="health of a worker")
    try:
        with engine.begin() as connection:
            silences = find_silences(connection, host)
    except DATABASE_ERRORS as error:
        problem = "is not available" if is_transient(error) else "refuses the query"
        return f"PostgreSQL {problem}: {brief(error)}"
    finally:
        engine.dispose()
    checked = {
        worker_pid: seconds
        for (worker_lane, worker_pid), seconds in silences.items()
        if lane in (None, worker_lane) and (worker_pid == pid if pid else _is_running(worker_pid))
    }
    worker = f"{lane} worker" if lane else "worker"
    if not checked:
        name = f"The {worker} with process id {pid} is not" if pid else f"No {worker} is"
        return f"{name} registered on {host}."
    silent_pid, seconds = max(checked.items(), key=lambda item: item[1])
    if seconds > SILENT_SECONDS:
        return (
            f"The {worker} with process id {silent_pid} on {host} has sent no heartbeat for "
            f"{seconds:.0f} seconds."
        )
    return None


def _is_running(pid: int) -> bool:
    """Return whether there is such a process: rows outlive workers that were killed."""
    return Path(f"/proc/{pid}").exists()


if __name__ == "__main__":
    main()
