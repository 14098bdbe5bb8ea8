"""The relay process: its main thread wakes the lanes.

Each lane, the rescue, retention and putting dead letters back have a thread.

Any number of relays can run; each locks the rows that it publishes, and commits their mark once
RabbitMQ has confirmed them. The rows of a relay that dies before that are published again: workers
do not mind a message that arrives twice, and none is lost.
"""

import contextlib
import logging
import math
import select
import socket
import time
from collections.abc import Sequence
from typing import Protocol

import psycopg2.extensions
from sqlalchemy import Engine

from gateway.relay.health import Health, HealthFile
from gateway.relay.lane import LaneRelay
from gateway.relay.loop import Loop, LoopThread
from gateway.relay.redrives import Redrives
from gateway.relay.rescue import Rescue
from gateway.relay.retention import INTERVAL_SECONDS as RETENTION_SECONDS
from gateway.relay.retention import Retention
from shared.calculation import Lane
from shared.config import Settings
from shared.metrics.counters import Counters
from shared.postgres.connections import connect_to_listen
from shared.retention.pace import Pace
from shared.store.metrics import ProcessKind
from shared.store.metrics_row import MetricsRow, write_metrics
from shared.store.notifications import CLAIMED, OUTBOX, REDRIVES, RETURNED, read_outbox
from shared.store.outbox.outbox import seconds_to_next

#: When to poll again for rows that are due and that another relay may have locked.
_LOCKED_SECONDS = 0.1

#: When to poll while calculations wait for claims, at the latest. Those of workers of earlier
#: versions are not notified, nor is what is cancelled after its publication.
_ROOM_SECONDS = 1.0

_HEARTBEAT_SECONDS = 5.0

#: A relay that could not work for this long ends, and its supervisor starts another: that one reads
#: settings and passwords again, and has none of the old connections.
_GIVE_UP_SECONDS = 60.0

#: How long a stop may take: confirms, or the close of a connection, may not be answered.
_STOP_SECONDS = 8.0

_logger = logging.getLogger("gateway.relay")


class HasFileno(Protocol):
    """What select can watch."""

    def fileno(self) -> int:
        """Return the file descriptor."""


class Relay:
    """All parts of a relay process.

    `engine` needs two connections, `autocommit` one for each lane and one more. What puts dead
    letters back borrows one for a moment.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        autocommit: Engine,
        health_file: HealthFile | None = None,
        counters: Counters | None = None,
    ) -> None:
        counters = counters or Counters()
        self._metrics = MetricsRow(counters, ProcessKind.RELAY)
        self._settings = settings
        self._autocommit = autocommit
        self._health = Health(autocommit, health_file)
        self.lanes = {
            lane: LaneRelay(lane, settings, autocommit, self._send_heartbeat_soon, counters)
            for lane in Lane
        }
        self.rescue = Rescue(
            engine, settings, lambda lane: self.lanes[lane].publisher.ready_messages(), counters
        )
        self._rescue_loop = LoopThread(
            "rescue", self._rescue_step, reset=engine.dispose, on_change=self._send_heartbeat_soon
        )
        self._retention_loop = LoopThread(
            "retention", self._retention_step, reset=engine.dispose, on_change=lambda: None
        )
        self._retention = Retention(
            engine,
            settings,
            Pace(self._retention_loop.wait, lambda: self._retention_loop.is_stopping),
            counters,
        )
        self._redrives = Redrives(autocommit, settings, self._count_dead_letters)
        self._main_loop = Loop(
            "relay",
            self._step,
            pause=self._sleep,
            reset=self._reset_connections,
            on_change=self._report_own_problem,
        )
        self._listener: psycopg2.extensions.connection | None = None
        self._next_rescue_at = self._next_poll_at = self._next_heartbeat_at = 0.0
        self._polled_at = 0.0
        self._is_stopping = False
        self._interrupt_reader, self._interrupt_writer = socket.socketpair()
        self._interrupt_reader.setblocking(False)
        self._interrupt_writer.setblocking(False)

    def stop(self) -> None:
        """Let `run` return after what the relay is doing; a signal handler may call this."""
        self._is_stopping = True
        self._interrupt_sleep()

    def run(self) -> int:
        """Work until stopped, and return 0; or 1 after a minute in which nothing worked."""
        threads = [lane.loop for lane in self.lanes.values()]
        threads += [self._rescue_loop, self._retention_loop, self._redrives.loop]
        for thread in threads:
            thread.start()
        reason = None
        while not self._is_stopping and reason is None:
            self._main_loop.run_once()
            reason = self._reason_to_give_up()
        for lane in self.lanes.values():
            lane.stop()
        self._rescue_loop.stop()
        self._retention_loop.stop()
        self._redrives.stop()
        until = time.monotonic() + _STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._main_loop.problem is None:  # else PostgreSQL would have to be waited for
            write_metrics(self._autocommit, self._metrics, is_last=True)
        if reason is not None:
            _logger.error(
                "Nothing worked for %g s, so this relay ends: %s", _GIVE_UP_SECONDS, reason
            )
            return 1  # its row stays for a minute, and says why
        self._health.remove_row()
        return 0

    def _step(self) -> None:
        if self._listener is None:
            self._listener = connect_to_listen(
                self._settings.sqlalchemy_url,
                OUTBOX,
                CLAIMED,
                REDRIVES,
                name="reckoner relay listener",
            )
            self._redrives.wake()
            self._next_poll_at = 0.0  # wake-ups that came before were missed
        self._pass_on_wakeups(self._listener)
        if self.lanes[Lane.HEAVY].waits_for_claims:
            self._next_poll_at = min(self._next_poll_at, self._polled_at + _ROOM_SECONDS)
        if time.monotonic() >= self._next_poll_at:
            self._poll_outbox()
        if time.monotonic() >= self._next_heartbeat_at:  # last, so that rows do not wait for it
            self._next_heartbeat_at = time.monotonic() + _HEARTBEAT_SECONDS
            try:
                self._send_heartbeat()
            except BaseException:
                self._next_heartbeat_at = 0.0  # so that each step fails until it succeeds
                raise

    def _pass_on_wakeups(self, listener: psycopg2.extensions.connection) -> None:
        """Wait until the next poll or heartbeat, and wake the lanes that notifications name."""
        next_at = min(self._next_poll_at, self._next_heartbeat_at)
        self._sleep(next_at - time.monotonic(), listener)
        listener.poll()
        claims = returned = 0
        for notification in listener.notifies:
            if notification.channel == CLAIMED:
                if notification.payload == RETURNED:
                    returned += 1
                else:
                    claims += 1
            elif notification.channel == REDRIVES:
                self._redrives.wake()
            else:
                for lane in read_outbox(notification.payload):
                    self.lanes[lane].wake_for_new()
        listener.notifies.clear()
        if claims or returned:
            self.lanes[Lane.HEAVY].note_claims(claims, returned)

    def _poll_outbox(self) -> None:
        """Wake the lanes with due rows: a notification can be lost, and a backoff ends."""
        with self._autocommit.connect() as connection:
            waits = seconds_to_next(connection)
        # Soon again where rows are due and the lane is idle: another relay may have locked them,
        # and those behind them may become due at any time.
        # So does what waits for room that workers make without a word.
        idle = [
            wait
            for lane, wait in waits.items()
            if not self.lanes[lane].is_busy and not self.lanes[lane].waits_for_claims
        ]
        pause = min(self._settings.relay_poll_seconds, *idle, math.inf)
        self._polled_at = time.monotonic()
        self._next_poll_at = self._polled_at + max(_LOCKED_SECONDS, pause)
        for lane, wait in waits.items():
            if wait <= 0:
                self.lanes[lane].wake()

    def _send_heartbeat(self) -> None:
        """Report that this relay is alive, and what is wrong."""
        problems = {
            lane: relay.loop.problem
            for lane, relay in self.lanes.items()
            if relay.loop.problem is not None
        }
        self._health.report(problems, self._rescue_loop.problem)
        write_metrics(self._autocommit, self._metrics)

    def _send_heartbeat_soon(self) -> None:
        self._next_heartbeat_at = 0.0
        self._interrupt_sleep()

    def _report_own_problem(self) -> None:
        """Report what keeps heartbeats from being sent, where that needs no database."""
        if self._main_loop.problem is not None:
            self._health.report_to_file(self._main_loop.problem)

    def _rescue_step(self) -> None:
        self._rescue_loop.wait(self._next_rescue_at - time.monotonic())
        if self._rescue_loop.is_stopping:
            return
        if self.rescue.run_once():
            self._next_poll_at = 0.0
            self._interrupt_sleep()
        self._next_rescue_at = time.monotonic() + self._settings.rescue_seconds

    def _retention_step(self) -> None:
        self._retention.run()
        self._retention_loop.wait(RETENTION_SECONDS)

    def _count_dead_letters(self) -> None:
        for lane in self.lanes.values():
            lane.note_dead_letters_soon()

    def _reason_to_give_up(self) -> str | None:
        """Return why this process is no longer of use; None while it is of use.

        It is while it can query PostgreSQL, rescue lost work and publish one of the lanes.
        """
        lanes: list[Loop] = [lane.loop for lane in self.lanes.values()]
        for loops in ([self._main_loop], [self._rescue_loop], lanes):
            if min(loop.failing_seconds for loop in loops) > _GIVE_UP_SECONDS:
                return "; ".join(loop.problem or "" for loop in loops)
        return None

    def _reset_connections(self) -> None:
        """Drop connections that may have fallen silent."""
        self._autocommit.dispose()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _interrupt_sleep(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been interrupted often enough
            self._interrupt_writer.send(b"!")

    def _sleep(self, seconds: float, *watched: HasFileno) -> None:
        """Wait this long, or until the sleep is interrupted or something watched is readable."""
        sources: Sequence[HasFileno] = [self._interrupt_reader, *watched]
        readable, _, _ = select.select(sources, [], [], max(0.0, seconds))
        if self._interrupt_reader in readable:
            self._interrupt_reader.recv(4096)
