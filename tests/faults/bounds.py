"""How long recoveries may take, in seconds: docs/explanation/reliability.md has the formulas."""

from tests.faults.programs import RESTART_SECONDS
from tests.faults.settings import (
    LEASE_SECONDS,
    LOST_MESSAGE_SECONDS,
    POLL_SECONDS,
    RESCUE_SECONDS,
)

Bound = tuple[float, str]

#: A second of backoff before the second attempt.
LOST_LEASE: Bound = (LEASE_SECONDS + RESCUE_SECONDS + 1.0, "lease + rescue + 1 s backoff")

#: The same, of a lease that ends at once.
TAKEN_LEASE: Bound = (RESCUE_SECONDS + 1.0, "rescue + 1 s backoff")

#: The relay polls once a second without a wake-up.
KILLED_CHILD: Bound = (1.0 + POLL_SECONDS, "1 s backoff + relay_poll")

LOST_MESSAGE: Bound = (LOST_MESSAGE_SECONDS + RESCUE_SECONDS, "lost_message + rescue")

#: Workers report their progress every three seconds, and the relay checks once more.
BEAT: Bound = (3.0 + RESCUE_SECONDS, "a worker's heartbeat 3 s + rescue")

#: The relay's pause is a second, the heavy worker's between two tries at PostgreSQL too.
RETRY: Bound = (2.0, "try again, 2 s")

#: Dramatiq's pause before a consumer connects again is up to three seconds.
RECONNECT: Bound = (4.0, "reconnect, 4 s")

#: A channel whose queue was replaced under it is found out by its silence.
RENEWAL: Bound = (10.0, "renewal of a quiet channel, 10 s")

#: A statement's limit, and the time beyond it after which psycopg2 is interrupted.
STATEMENT: Bound = (35.0, "statement limit 30 s + 5 s")

#: Rows that a transaction had locked when its connection went silent are free when PostgreSQL
#: ends it for being idle.
IDLE_TRANSACTION: Bound = (15.0, "idle transaction 15 s")

#: pika and RabbitMQ agree on 15 s, and give up after two to three that were missed.
HEARTBEATS: Bound = (45.0, "3 heartbeats of 15 s")

#: A gateway's LISTEN connection that received nothing for 20 s is dead; at most twice that, when it
#: had just received something.
SILENCE: Bound = (40.0, "periodic query 15 s, or twice a silence of 20 s")

NOTHING: Bound = (0.0, "nothing to recover from")


def start(seconds: float) -> Bound:
    """Starting a process, in the seconds that it took on this machine just before."""
    return round(seconds, 1), f"a process's start, {seconds:.1f} s"


def restart(seconds: float) -> Bound:
    """The supervisor's pause, and then the start."""
    return together((RESTART_SECONDS, f"supervisor {RESTART_SECONDS:g} s"), start(seconds))


def together(*bounds: Bound) -> Bound:
    """One after the other."""
    return sum(seconds for seconds, _ in bounds), " + ".join(words for _, words in bounds)
