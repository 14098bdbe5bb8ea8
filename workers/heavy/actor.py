"""The heavy lane: a slot a thread, a claim for each calculation, and a child process to run it."""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import pika
from sqlalchemy import Engine

from shared import messages
from shared.calculation import Lane
from shared.config import Settings
from shared.errors import MessageInvalid, StoreUnavailable
from shared.postgres.retry import retry_while_unavailable
from shared.store.leases import claim_calculation
from shared.store.notifications import notify_changed
from shared.work import Work
from workers.broker.broker import current_delivery
from workers.broker.consumer import Consumption, LaneConsumer
from workers.broker.slots import SlotConsumer, Slots
from workers.heavy.attempt import Attempt
from workers.heavy.lease import Lease, Leases
from workers.heavy.retry_policy import must_run_alone
from workers.sandbox.process import CHILD_COMMAND
from workers.sandbox.spares import SpareChildren
from workers.watermark import Watermark

logger = logging.getLogger(__name__)


class HeavyLane:
    """What a heavy worker consists of besides Dramatiq."""

    lane = Lane.HEAVY

    #: For claims to be handed back, after the children have been killed. One that holds gigabytes
    #: takes the kernel seconds to end on a busy machine; a worker that goes first loses an attempt.
    stopping_seconds = 15.0

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        child_command: Sequence[str] = CHILD_COMMAND,
    ) -> None:
        self.threads = settings.heavy_slots
        self._settings = settings
        self._engine = engine
        self._worker_id = worker_id
        self._children = SpareChildren(child_command)
        self._slots = Slots(settings.heavy_slots)
        self._consumption = Consumption()
        self.watermark = Watermark()
        self._leases = Leases(
            engine,
            worker_id,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
        )

    def make_consumer(
        self, parameters: Sequence[pika.URLParameters], poll_seconds: float
    ) -> LaneConsumer:
        """Connect; subscriptions come and go with the slots."""
        return SlotConsumer(
            parameters,
            Lane.HEAVY,
            slots=self._slots,
            poll_seconds=poll_seconds,
            consumption=self._consumption,
        )

    def start(self) -> None:
        """Get ready for deliveries."""
        self._leases.start()
        for _ in range(self.threads):
            self._children.prepare()

    def calculate(self, work: object) -> None:
        """Claim what the message names, run it, and write how it ended. This is the actor.

        Raises MessageInvalid.
        """
        [decoded, *others] = messages.decode(work)
        if others:
            raise MessageInvalid("a heavy message is of one calculation", work)
        delivery = current_delivery()
        try:
            lease = self._claim(decoded)
        except StoreUnavailable:
            # This worker stops. Unanswered, the message goes to another.
            delivery.is_kept = True
            return
        # From here on the lease is the truth, and RabbitMQ need not wait.
        delivery.acknowledge()
        if lease is None:
            logger.info(
                "nothing to do",
                extra={"calculation_id": decoded.calculation_id, "request_id": decoded.request_id},
            )
            return
        try:
            with self._room_for(lease):
                Attempt(lease, self._settings, self._engine, self._worker_id, self._children).run()
        finally:
            self._leases.drop(lease)
            self._children.prepare()  # for the next, now that nothing runs beside it

    def _room_for(self, lease: Lease) -> AbstractContextManager[None]:
        """Wait for the other slots to be free, where memory ran out in an attempt before."""
        if not must_run_alone(lease.claim.earlier_outcomes):
            return nullcontext()
        return self._slots.alone(lambda: lease.end is not None)

    def _claim(self, work: Work) -> Lease | None:
        """Commit a claim; None if there is nothing to do."""

        def attempt() -> Lease | None:
            asked_at = time.monotonic()
            with self._engine.begin() as connection:
                claim = claim_calculation(
                    connection,
                    work.calculation_id,
                    worker_id=self._worker_id,
                    lease_seconds=self._settings.lease_seconds,
                )
                if claim is not None:
                    self.watermark.note(claim.published_at)
                    notify_changed(connection, [claim.calculation_id])
            return None if claim is None else self._leases.hold(claim, asked_at)

        return retry_while_unavailable(
            attempt, "claim a calculation", lambda: self._slots.is_closed
        )

    def silent_seconds(self) -> float:
        """Return how long this process has been unable to consume.

        Never while a calculation runs: it needs no broker, and starting over would not help it.
        """
        return self._consumption.silent_seconds if self._leases.is_idle else 0.0

    def is_sound(self) -> bool:
        """Say whether all threads of ours are there."""
        return self._leases.is_alive

    def stop(self) -> None:
        """Take nothing more, kill what runs, and have its claims handed back."""
        self._slots.close()
        self._leases.stop_all()
        self._children.close()

    def before_hanging_up(self) -> None:
        """Stop the heartbeat, which has nothing left to renew."""
        self._leases.close()
