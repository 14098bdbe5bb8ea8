"""`python -m gateway.relay`: takes what was accepted to RabbitMQ, and rescues what was lost."""

import argparse
import logging
import sys

from gateway.relay.process import Relay
from gateway.relay.pulse import Pulse, find_faults, pulse_folder
from shared.calculation import Lane
from shared.postgres.connections import make_engine
from shared.startup import call_on_stop_signals, start_process

_logger = logging.getLogger("gateway.relay")


def main() -> int:
    """Run until a signal to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gateway.relay", description=__doc__)
    parser.add_argument(
        "--check",
        nargs="?",
        type=int,
        const=0,
        metavar="PID",
        help="say whether all relays here work, or that one; 0 if so, else 1 and why",
    )
    check = parser.parse_args().check
    if check is not None:
        faults = find_faults(pulse_folder(), check or None)
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
        return 1 if faults else 0
    settings = start_process()
    engine = make_engine(settings, connections=1, name="reckoner relay")
    autocommit = make_engine(
        settings, connections=len(Lane) + 1, name="reckoner relay", is_autocommit=True
    )
    pulse = _make_pulse()
    relay = Relay(settings, engine, autocommit, pulse)
    call_on_stop_signals(relay.stop)
    _logger.info("The relay is running")
    status = relay.run()
    if pulse is not None:
        pulse.close()
    return status


def _make_pulse() -> Pulse | None:
    try:
        return Pulse(pulse_folder())
    except OSError as error:
        _logger.warning("--check will not find this relay: %s", error)
        return None


if __name__ == "__main__":
    sys.exit(main())
