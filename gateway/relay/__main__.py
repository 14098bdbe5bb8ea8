"""`python -m gateway.relay`: publish accepted calculations to RabbitMQ, and rescue lost ones."""

import argparse
import logging
import sys

from gateway.relay.health import HealthFile, find_faults, health_folder
from gateway.relay.process import Relay
from shared.calculation import Lane
from shared.metrics.counters import Counters
from shared.postgres.connections import make_engine
from shared.startup import call_on_stop_signals, start_process

_logger = logging.getLogger("gateway.relay")


def main() -> int:
    """Check relays, or run one until a stop signal; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway.relay",
        description="Publish accepted calculations to RabbitMQ, and rescue lost ones.",
    )
    parser.add_argument(
        "--check",
        nargs="?",
        type=int,
        const=0,
        metavar="PID",
        help="check this user's relays on this host, or the one with this process id: exit with 0 "
        "if they work, otherwise with 1 and the reason",
    )
    check = parser.parse_args().check
    return _run() if check is None else _check(check or None)


def _check(pid: int | None) -> int:
    faults = find_faults(health_folder(), pid)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def _run() -> int:
    settings = start_process("relay")
    engine = make_engine(settings.sqlalchemy_url, connections=2, name="reckoner relay")
    autocommit = make_engine(
        settings.sqlalchemy_url,
        connections=len(Lane) + 1,
        name="reckoner relay",
        is_autocommit=True,
    )
    health_file = _make_health_file()
    relay = Relay(settings, engine, autocommit, health_file, Counters())
    call_on_stop_signals(relay.stop)
    _logger.info("The relay is running")
    status = relay.run()
    if health_file is not None:
        health_file.close()
    return status


def _make_health_file() -> HealthFile | None:
    try:
        return HealthFile(health_folder())
    except OSError as error:
        _logger.warning("--check will not find this relay: %s", error)
        return None


if __name__ == "__main__":
    sys.exit(main())
