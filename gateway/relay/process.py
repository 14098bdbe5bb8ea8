"""`python -m gateway.relay`: takes what was accepted to RabbitMQ, and rescues what was lost.

Any number of relays can run; each locks the rows that it publishes. Their mark is committed
once RabbitMQ has confirmed them: a relay that dies in between publishes them twice, which the
workers do not mind, and never not at all.
"""

import contextlib
import logging
import math
import os
import select
import socket
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

import psycopg2.extensions
from sqlalchemy import Engine

from gateway.relay.lane import LaneRelay
from gateway.relay.loop import Loop, LoopThread
from gateway.relay.pulse import Pulse
from gateway.relay.rescue import Rescue
from shared.calculation import Lane
from shared.config import Settings
from shared.postgres.connections import connect_to_listen
from shared.postgres.outages import DATABASE_ERRORS, brief
from shared.store.notifications import OUTBOX, read_outbox
from shared.store.outbox import seconds_to_next
from shared.store.relays import delete_relay, upsert_relay

_LOCKED_SECONDS = 0.1
_BEAT_SECONDS = 5.0

#: A relay that could not work for so long ends, and its supervisor starts another: that reads its
#: settings and passwords anew, and has none of the old one's connections.
_GIVE_UP_SECONDS = 60.0

#: How long a stop may take: confirms that do not come, and a goodbye that is not answered.
_STOP_SECONDS = 8.0

_logger = logging.getLogger("gateway.relay")


class HasFileno(Protocol):
    """What select can watch."""

    def fileno(self) -> int:
        """Return the file descriptor."""


class Relay:
    """A relay process: hears the gateways' rings, and has a thread for each lane and the rescue.

    `autocommit` should have a connection for each lane and one more.
    """

    def __init__(
        self, settings: Settings, engine: Engine, autocommit: Engine, pulse: Pulse | None = None
    ) -> None:
        self._settings = settings
        self._autocommit = autocommit
        self._pulse = pulse
        self._id = uuid4()
        self.lanes = {lane: LaneRelay(lane, settings, autocommit, self._beat_soon) for lane in Lane}
        self.rescue = Rescue(
            engine, settings, lambda lane: self.lanes[lane].publisher.ready_messages()
        )
        self._rescuing = LoopThread(
            "rescue", self._rescue_turn, forget=engine.dispose, changed=self._beat_soon
        )
        self._hearing = Loop(
            "relay", self._turn, pause=self._sleep, forget=self._forget, changed=self._say_problem
        )
        self._listener: psycopg2.extensions.connection | None = None
        self._next_rescue = self._next_look = self._next_beat = 0.0
        self._is_stopping = False
        self._waking, self._wake = socket.socketpair()
        self._waking.setblocking(False)
        self._wake.setblocking(False)

    def stop(self) -> None:
        """Have it end after what it is doing; a signal handler may call this."""
        self._is_stopping = True
        self._wake_up()

    def run(self) -> int:
        """Work until stopped, and return 0; or 1 once nothing has worked for a minute."""
        threads = [lane.loop for lane in self.lanes.values()] + [self._rescuing]
        for thread in threads:
            thread.start()
        reason = None
        while not self._is_stopping and reason is None:
            self._hearing.do_turn()
            reason = self._reason_to_give_up()
        for lane in self.lanes.values():
            lane.stop()
        self._rescuing.stop()
        until = time.monotonic() + _STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if reason is not None:
            _logger.error(
                "Nothing worked for %g s, so this relay ends: %s", _GIVE_UP_SECONDS, reason
            )
            return 1  # the row stays, and says why
        self._sign_off()
        return 0

    def _turn(self) -> None:
        if self._listener is None:
            self._listener = connect_to_listen(self._settings, OUTBOX, name="reckoner relay bell")
            self._next_look = 0.0  # whatever was rung meanwhile was missed
        self._hear(self._listener)
        if time.monotonic() >= self._next_look:
            self._look()
        if time.monotonic() >= self._next_beat:  # last: what is due does not wait for it
            self._next_beat = time.monotonic() + _BEAT_SECONDS
            try:
                self._beat()
            except BaseException:
                self._next_beat = 0.0  # it is still to be done, and no turn goes well without it
                raise

    def _hear(self, listener: psycopg2.extensions.connection) -> None:
        """Wait until it is time for a look or a beat, and pass on the rings that come meanwhile."""
        self._sleep(min(self._next_look, self._next_beat) - time.monotonic(), listener)
        listener.poll()
        for notification in listener.notifies:
            for lane in read_outbox(notification.payload):
                self.lanes[lane].ring()
        listener.notifies.clear()

    def _look(self) -> None:
        """Ring the lanes in which something is due: a ring can be lost, and a backoff ends."""
        with self._autocommit.connect() as connection:
            waits = seconds_to_next(connection)
        # Soon again where something is due and the lane does nothing: another relay may have locked
        # it, and the next in its lane may be due at any time.
        idle = [wait for lane, wait in waits.items() if not self.lanes[lane].is_busy]
        pause = min(self._settings.relay_poll_seconds, *idle, math.inf)
        self._next_look = time.monotonic() + max(_LOCKED_SECONDS, pause)
        for lane, wait in waits.items():
            if wait <= 0:
                self.lanes[lane].ring()

    def _beat(self) -> None:
        """Tell everybody that this relay is there, and what RabbitMQ says."""
        problems = {
            lane: relay.loop.problem
            for lane, relay in self.lanes.items()
            if relay.loop.problem is not None
        }
        with self._autocommit.connect() as connection:
            upsert_relay(
                connection,
                self._id,
                host=socket.gethostname(),
                pid=os.getpid(),
                problems=problems,
            )
        if self._pulse is not None:
            faults = [*problems.values(), *filter(None, [self._rescuing.problem])]
            self._pulse.beat("; ".join(faults) or None)

    def _beat_soon(self) -> None:
        self._next_beat = 0.0
        self._wake_up()

    def _rescue_turn(self) -> None:
        self._rescuing.wait(self._next_rescue - time.monotonic())
        if self._rescuing.is_stopping:
            return
        if self.rescue.look():
            self._next_look = 0.0
            self._wake_up()
        self._next_rescue = time.monotonic() + self._settings.rescue_seconds

    def _reason_to_give_up(self) -> str | None:
        """Return why this process is of no use any more.

        It is of use as long as it can ask PostgreSQL for lost work and publish one of the lanes.
        """
        lanes: list[Loop] = [lane.loop for lane in self.lanes.values()]
        for parts in ([self._hearing], [self._rescuing], lanes):
            if min(part.failing_seconds for part in parts) > _GIVE_UP_SECONDS:
                return "; ".join(part.problem or "" for part in parts)
        return None

    def _sign_off(self) -> None:
        try:
            with self._autocommit.connect() as connection:
                delete_relay(connection, self._id)
        except DATABASE_ERRORS as error:
            _logger.warning("The relay's row stays for a minute: %s", brief(error))

    def _forget(self) -> None:
        """Drop connections that may have fallen silent."""
        self._autocommit.dispose()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _say_problem(self) -> None:
        """Without PostgreSQL there are no beats: those who ask for the pulse hear the reason."""
        if self._pulse is not None and self._hearing.problem is not None:
            self._pulse.beat(self._hearing.problem)

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been told often enough
            self._wake.send(b"!")

    def _sleep(self, seconds: float, *watched: HasFileno) -> None:
        """Wait for so long, or until there is something to do or to read."""
        sources: Sequence[HasFileno] = [self._waking, *watched]
        readable, _, _ = select.select(sources, [], [], max(0.0, seconds))
        if self._waking in readable:
            self._waking.recv(4096)
