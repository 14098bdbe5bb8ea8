"""`python -m workers.health`: exit 0 if a worker on this host was seen lately, else 1 and why.

For a supervisor that asks from outside, such as the health check of a container. It asks the same
as everyone: whether PostgreSQL has heard of the worker. So it also finds a worker that lives but
does not get through.
"""

import socket
import sys

from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid
from shared.postgres.connections import make_engine
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient
from shared.store.presence import list_workers

_SILENT_SECONDS = 15


def main() -> None:
    """Look for this host among the workers that are alive."""
    try:
        fault = find_fault(load_settings(), socket.gethostname())
    except SettingsInvalid as error:
        fault = str(error)
    sys.exit(fault)  # None means 0; a text goes to standard error and means 1


def find_fault(settings: Settings, host: str) -> str | None:
    """Return what is wrong with the workers on a host; None if one was seen lately."""
    engine = make_engine(settings, connections=1, name="health of a worker")
    try:
        with engine.begin() as connection:
            seen = list_workers(connection, _SILENT_SECONDS)
    except DATABASE_ERRORS as error:
        says = "is not available" if is_transient(error) else "refuses the question"
        return f"PostgreSQL {says}: {brief(error)}"
    finally:
        engine.dispose()
    if all(worker["host"] != host for worker in seen):
        return f"No worker on {host} was seen within {_SILENT_SECONDS} seconds."
    return None


if __name__ == "__main__":
    main()
