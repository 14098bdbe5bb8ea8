"""Carries out requests to put dead letters back, which gateways write into PostgreSQL.

In a thread of its own with a connection to RabbitMQ that is there only meanwhile. One relay works
on a request; where two do after a stall, RabbitMQ gives each message to one of them alone.
"""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from gateway.relay.loop import LoopThread
from shared.calculation import Lane
from shared.config import Settings
from shared.dead_letters import connected_to_broker, put_back
from shared.errors import BrokerUnavailable
from shared.store.redrives import (
    Claimed,
    claim_redrive,
    finish_redrive,
    hand_back_redrive,
    note_moved,
)

#: How often to look without having been woken: a notification can be lost, and a relay may die.
_POLL_SECONDS = 30.0

#: How often to note what has been done; far more often than a request is taken over.
_NOTE_SECONDS = 5.0

_MAX_FAULT_CHARACTERS = 500

_logger = logging.getLogger(__name__)


class Redrives:
    """Carries out one request after the other; `engine` is in autocommit."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        on_moved: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `on_moved` when the number of dead letters has changed."""
        self._engine = engine
        self._urls = settings.amqp_urls
        self._on_moved = on_moved
        self._woken = threading.Event()
        self.loop = LoopThread("redrives", self._step, reset=engine.dispose, on_change=lambda: None)

    def wake(self) -> None:
        """Have it look for requests now."""
        self._woken.set()

    def stop(self) -> None:
        """Let its thread end after the message that it is at."""
        self.loop.stop()
        self._woken.set()

    def run(self) -> None:
        """Carry out all requests that no relay works on."""
        self._woken.clear()
        while not self.loop.is_stopping:
            with self._engine.connect() as connection:
                claimed = claim_redrive(connection)
            if claimed is None:
                return
            self._carry_out(claimed)

    def _step(self) -> None:
        self.run()
        self._woken.wait(_POLL_SECONDS)

    def _carry_out(self, claimed: Claimed) -> None:
        progress = _Progress(self._engine, claimed, self.loop)
        fault: str | None = None
        try:
            with connected_to_broker(self._urls) as broker:
                for lane in [claimed.lane] if claimed.lane else list(Lane):
                    put_back(broker, lane, progress.note_one)
        except BrokerUnavailable as error:
            fault = str(error)[:_MAX_FAULT_CHARACTERS]
        is_left = progress.is_cut_off and fault is None
        with self._engine.connect() as connection:
            if is_left:
                hand_back_redrive(connection, claimed.id, progress.unnoted)
            else:
                finish_redrive(connection, claimed.id, progress.unnoted, fault)
        lanes = f"the {claimed.lane} lane" if claimed.lane else "both lanes"
        if is_left:
            _logger.info(
                "Put %d dead letters of %s back, and left the rest to the next relay",
                progress.moved,
                lanes,
            )
        elif fault is None:
            _logger.info("Put %d dead letters of %s back", progress.moved, lanes)
        else:
            _logger.warning("Put %d dead letters of %s back. %s", progress.moved, lanes, fault)
        self._on_moved()


class _Progress:
    """How many messages were put back, which is noted every few seconds."""

    def __init__(self, engine: Engine, claimed: Claimed, loop: LoopThread) -> None:
        self.moved = 0
        #: Those that are not in PostgreSQL yet.
        self.unnoted = 0
        #: Whether the relay was told to stop before the last of them.
        self.is_cut_off = False
        self._engine = engine
        self._claimed = claimed
        self._loop = loop
        self._noted_at = time.monotonic()

    def note_one(self) -> bool:
        """Count a message; return whether to go on."""
        self.moved += 1
        self.unnoted += 1
        if time.monotonic() > self._noted_at + _NOTE_SECONDS:
            with self._engine.connect() as connection:
                note_moved(connection, self._claimed.id, self.unnoted)
            self.unnoted = 0
            self._noted_at = time.monotonic()
        self.is_cut_off = self._loop.is_stopping
        return not self.is_cut_off
