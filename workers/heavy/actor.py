"""The actor of the heavy lane: claims a calculation, and runs it in a child process."""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import dramatiq
from sqlalchemy import Engine

from shared.calculation import Lane, Work
from shared.config import Settings
from shared.errors import MessageInvalid, StoreUnavailable
from shared.logs.members import members_of
from shared.messages import decode_work, queue_name
from shared.metrics.counters import Counters
from shared.postgres.connections import autocommitting
from shared.postgres.retry import retry_while_unavailable
from shared.store.leases import claim_calculation
from shared.store.outbox.handed_back import hand_back
from workers.broker.consumer import Delivery, current_delivery
from workers.broker.slots import Slots
from workers.heavy.attempt import Attempt
from workers.heavy.counts import note_claimed
from workers.heavy.lease import Lease, Leases
from workers.heavy.retry_policy import must_run_alone
from workers.offers import Offers
from workers.presence import Watermark
from workers.sandbox.outside.children import Children

logger = logging.getLogger(__name__)


def declare_actor(broker: dramatiq.Broker, calculations: "HeavyCalculations") -> None:
    """Declare the actor on its broker; importing this module declares nothing."""

    @dramatiq.actor(broker=broker, queue_name=queue_name(Lane.HEAVY), throws=MessageInvalid)
    def calculate_heavy(work: object) -> None:
        """Run the calculation of a message, which is acknowledged once it is claimed.

        Raises MessageInvalid, which dead-letters the message.
        """
        calculations.calculate(decode_work(work), current_delivery())


class HeavyCalculations:
    """What the actor does with each message. Actor threads, one for each slot, share it."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        leases: Leases,
        slots: Slots,
        children: Children,
        offers: Offers,
        counters: Counters,
    ) -> None:
        self._counters = counters
        self._settings = settings
        self._engine = engine
        self._worker_id = worker_id
        self._leases = leases
        self._slots = slots
        self._children = children
        self._offers = offers
        self.watermark = Watermark()

    def calculate(self, works: Sequence[Work], delivery: Delivery) -> None:
        """Claim the one calculation, run it, and store how it ended.

        Raises MessageInvalid for several.
        """
        [work, *others] = works
        if others:
            raise MessageInvalid("a heavy message must hold one calculation", works)
        try:
            if self._offers.lacks(work):
                self._hand_back(work)
                return
            lease = self._claim(work)
        except StoreUnavailable:
            # This worker stops. Without an answer, the message goes to another.
            delivery.is_detached = True
            return
        # The lease counts from here on, and RabbitMQ need not wait for the result.
        delivery.acknowledge()
        if lease is None:
            logger.info(
                "Nothing to do: the calculation is no longer queued", extra=members_of([work])
            )
            return
        try:
            with self._room_for(lease):
                attempt = Attempt(
                    lease,
                    self._settings,
                    self._engine,
                    self._worker_id,
                    self._children,
                    self._counters,
                )
                attempt.run()
            if attempt.is_function_missing:
                self._offers.withdraw(work.function, work.function_version)
        finally:
            self._leases.drop(lease)
            self._children.prepare()  # now that nothing runs beside it

    def _hand_back(self, work: Work) -> None:
        """Leave the calculation to another worker, before any claim."""

        def hand_back_one() -> None:
            with self._engine.begin() as connection:
                hand_back(connection, [work.calculation_id], Lane.HEAVY)

        retry_while_unavailable(
            hand_back_one, "hand a calculation back", lambda: self._slots.is_closed
        )
        self._offers.note_handed_back([work])

    def _room_for(self, lease: Lease) -> AbstractContextManager[None]:
        """Wait for the other slots to be free if memory ran out in an earlier attempt."""
        if not must_run_alone(lease.claim.earlier_outcomes):
            return nullcontext()
        return self._slots.alone(lambda: lease.end is not None)

    def _claim(self, work: Work) -> Lease | None:
        """Commit a claim; None if there is nothing to do."""

        def attempt() -> Lease | None:
            requested_at = time.monotonic()
            with autocommitting(self._engine) as connection:
                claim = claim_calculation(
                    connection,
                    work.calculation_id,
                    worker_id=self._worker_id,
                    lease_seconds=self._settings.lease_seconds,
                )
            if claim is None:
                return None
            self.watermark.note(claim.published_at)
            note_claimed(self._counters, claim)
            return self._leases.hold(claim, requested_at)

        return retry_while_unavailable(
            attempt, "claim a calculation", lambda: self._slots.is_closed
        )
