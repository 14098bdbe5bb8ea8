"""`python -m gateway.relay`: takes what was accepted to RabbitMQ, and rescues what was lost.

Any number of relays can run; each locks the rows that it publishes. Their mark is committed
once RabbitMQ has confirmed them: a relay that dies in between publishes them twice, which the
workers do not mind, and never not at all.
"""

import argparse
import contextlib
import logging
import math
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Set
from pathlib import Path
from typing import Protocol

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from gateway.bundles import bundles
from gateway.publisher import Publisher
from gateway.rescue import Rescue
from shared import crash_points
from shared.calculation import Lane
from shared.config import Settings, load_settings
from shared.connections import connect_to_listen, make_engine
from shared.crash_points import crash_point
from shared.errors import BrokerUnavailable, SettingsInvalid
from shared.logs import set_up_logs
from shared.messages import encode
from shared.store.notifications import OUTBOX, read_outbox
from shared.store.outbox import put_back, seconds_to_next, taken_due

_RETRY_SECONDS = 1.0
_LOCKED_SECONDS = 0.1

#: Between two turns there is so much time for each row of the first, up to a limit: while much
#: comes it goes together, since a turn costs more than a row.
_PACE_SECONDS = 0.001
_LONGEST_PACE_SECONDS = 0.02
_PULSE = Path(tempfile.gettempdir()) / f"reckoner-relay-{os.getuid()}.pulse"
_PULSE_SECONDS = 45.0

_logger = logging.getLogger("gateway.relay")


class HasFileno(Protocol):
    """What select can watch."""

    def fileno(self) -> int:
        """Return the file descriptor."""


class Relay:
    """The loop of one relay process."""

    def __init__(self, settings: Settings, engine: Engine, autocommit: Engine) -> None:
        self._settings = settings
        self._engines = (engine, autocommit)
        self._autocommit = autocommit
        self._publisher = Publisher(settings.amqp_urls)
        self._rescue = Rescue(engine, settings)
        self._listener: psycopg2.extensions.connection | None = None
        self._next_rescue = 0.0
        self._next_look = 0.0
        self._rung: set[Lane] = set()
        self._paced_until = 0.0
        self._stopping = threading.Event()
        self._waking, self._wake = socket.socketpair()

    def stop(self) -> None:
        """Have the loop end after what it is doing."""
        self._stopping.set()
        self._wake.send(b"!")

    def run(self) -> None:
        """Publish and rescue until stopped; an unavailable neighbour is waited for."""
        while not self._stopping.is_set():
            with contextlib.suppress(OSError):  # without it --check says no, and all else works
                _PULSE.touch()
            try:
                self._turn()
            except BrokerUnavailable as error:
                self._pause("RabbitMQ is not available: %s", error)
            except (DBAPIError, psycopg2.Error) as error:
                self._pause("PostgreSQL is not available: %s", error)
        self._publisher.close()

    def _turn(self) -> None:
        if time.monotonic() >= self._next_rescue:
            self._next_rescue = time.monotonic() + self._settings.rescue_seconds
            if self._rescue.look():
                self._next_look = 0.0
        if self._listener is None:
            self._listener = connect_to_listen(self._settings, OUTBOX, name="reckoner relay bell")
            self._next_look = 0.0  # whatever was rung meanwhile was missed
        self._hear(self._listener)
        lanes, self._rung = self._rung, set()
        if time.monotonic() >= self._next_look:
            lanes |= self._look()
        published = self._publish(lanes)
        # A batch that is full may have left some.
        most = self._settings.relay_batch
        self._rung |= {lane for lane, rows in published.items() if rows == most}
        if not self._rung:
            self._pace(sum(published.values()))

    def _publish(self, lanes: Set[Lane]) -> dict[Lane, int]:
        """Publish a batch of each lane, and raise BrokerUnavailable only after the last of them.

        A queue that confirms nothing must not hold up the other lane.
        """
        published: dict[Lane, int] = {}
        failure: BrokerUnavailable | None = None
        for lane in (lane for lane in Lane if lane in lanes):
            try:
                published[lane] = self.publish_batch(lane)
            except BrokerUnavailable as error:
                failure = error
        if failure is not None:
            raise failure
        return published

    def _look(self) -> set[Lane]:
        """Return the lanes in which something is due: a ring can be lost, and a backoff ends."""
        with self._autocommit.connect() as connection:
            waits = seconds_to_next(connection)
        # Soon again where something is due: another relay may have locked it, and the next in its
        # lane may be due at any time.
        pause = min(self._settings.relay_poll_seconds, *waits.values(), math.inf)
        self._next_look = time.monotonic() + max(_LOCKED_SECONDS, pause)
        return {lane for lane, wait in waits.items() if wait <= 0}

    def publish_batch(self, lane: Lane) -> int:
        """Publish what is due in a lane, up to one batch; return how many rows that was."""
        self._publisher.open()  # before rows are locked, as it may take its time
        with (
            self._autocommit.connect() as connection,
            taken_due(connection, lane, self._settings.relay_batch) as due,
        ):
            if not due:
                return 0
            bundled = [[one.work for one in bundle] for bundle in bundles(due, lane)]
            confirmed = self._publisher.publish([(lane, encode(works, lane)) for works in bundled])
            crash_point(crash_points.RELAY_BEFORE_MARK)
            refused = set(range(len(bundled))) - set(confirmed)
            if refused:
                put_back(connection, [work.calculation_id for i in refused for work in bundled[i]])
        if refused:
            raise BrokerUnavailable(f"{len(refused)} messages were refused")
        return len(due)

    def _pace(self, rows: int) -> None:
        """Let what comes meanwhile go together; the first after a silence goes at once."""
        now = time.monotonic()
        time.sleep(max(0.0, self._paced_until - now))  # for so short a time, also while it stops
        pace = min(_LONGEST_PACE_SECONDS, _PACE_SECONDS * rows)
        self._paced_until = max(now, self._paced_until) + pace

    def _hear(self, listener: psycopg2.extensions.connection) -> None:
        """Wait for the bell or until it is time for a look, if there is nothing to do yet."""
        until = 0.0 if self._rung else min(self._next_look, self._next_rescue)
        seconds = max(0.0, until - time.monotonic())
        watched: list[HasFileno] = [listener, self._waking]
        readable, _, _ = select.select(watched, [], [], seconds)
        if listener in readable:
            listener.poll()
            for notification in listener.notifies:
                self._rung |= read_outbox(notification.payload)
            listener.notifies.clear()

    def _pause(self, sentence: str, error: Exception) -> None:
        lines = str(error).strip().splitlines()
        _logger.warning(sentence, lines[0] if lines else type(error).__name__)
        # One connection that fell silent is waited for; the others would be waited for as long.
        for engine in self._engines:
            engine.dispose()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._stopping.wait(_RETRY_SECONDS)


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gateway.relay", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say whether the relay here is alive")
    if parser.parse_args().check:
        return 0 if _PULSE.exists() and time.time() - _PULSE.stat().st_mtime < _PULSE_SECONDS else 1
    try:
        settings = load_settings()
    except SettingsInvalid as error:
        print(error, file=sys.stderr)  # noqa: T201 (before there are logs)
        return 2
    set_up_logs(settings.log_level)
    crash_points.arm_from_environment()
    engine, autocommit = (
        make_engine(settings, connections=1, name="reckoner relay", is_autocommit=is_autocommit)
        for is_autocommit in (False, True)
    )
    relay = Relay(settings, engine, autocommit)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: relay.stop())
    _logger.info("The relay is running")
    relay.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
