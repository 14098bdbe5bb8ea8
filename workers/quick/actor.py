"""The actor of the quick lane: computes in this process, and hands the outcomes to the writer."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import dramatiq
from sqlalchemy import Engine

from shared.calculation import Lane, Work
from shared.calculator import Calculator
from shared.config import Settings
from shared.errors import (
    CalculationUnfit,
    FunctionUnknown,
    MessageInvalid,
    StoreUnavailable,
)
from shared.failures import explain_failure, failure_json
from shared.functions.registry import Registry
from shared.logs.members import log_calculations, members_of
from shared.messages import decode_work, queue_name
from shared.postgres.retry import retry_while_unavailable
from shared.store.notifications import notify_outbox
from shared.store.outbox.handed_back import hand_back
from shared.store.quick import move_to_heavy
from workers.broker.consumer import Delivery, current_delivery
from workers.offers import Offers
from workers.quick.admission import Admission
from workers.quick.group_commit import FinishedMessage, GroupCommit, Outcome
from workers.quick.watchdog import Watchdog

logger = logging.getLogger(__name__)

_Value = TypeVar("_Value")


def declare_actor(broker: dramatiq.Broker, calculations: "QuickCalculations") -> None:
    """Declare the actor on its broker; importing this module declares nothing."""

    @dramatiq.actor(broker=broker, queue_name=queue_name(Lane.QUICK), throws=MessageInvalid)
    def calculate_quick(work: object) -> None:
        """Compute the calculations of a message, which is acknowledged once they are stored.

        Two workers may compute the same calculation; the guarded update of the first counts.
        Raises MessageInvalid, which dead-letters the message.
        """
        calculations.calculate(decode_work(work), current_delivery())


class QuickCalculations:
    """What the actor does with each message. Actor threads share it."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        registry: Registry,
        writer: GroupCommit,
        watchdog: Watchdog,
        stopping: threading.Event,
        offers: Offers,
    ) -> None:
        self._max_redeliveries = settings.max_attempts
        self._engine = engine
        self._registry = registry
        self._admission = Admission(settings)
        self._calculator = Calculator(settings.max_result_bytes)
        self._writer = writer
        self._watchdog = watchdog
        self._stopping = stopping
        self._offers = offers

    def calculate(self, works: Sequence[Work], delivery: Delivery) -> None:
        """Compute, check, and hand the outcomes to the writer, which answers the message."""
        if delivery.redeliveries >= self._max_redeliveries:
            moved = self._move_to_heavy(works, delivery)
            if moved is not None:
                log_calculations(
                    logger,
                    f"Moved %s to the heavy lane: redelivered {delivery.redeliveries} times",
                    [work for work in works if work.calculation_id in moved],
                    logging.WARNING,
                )
            return
        outcomes: list[Outcome] = []
        unfit: list[Work] = []
        missing: list[Work] = []
        for one in works:
            try:
                outcomes.append(self._outcome(one))
            except FunctionUnknown:
                missing.append(one)
            except CalculationUnfit as error:
                if not unfit:  # one line for a message, however many it holds
                    logger.error("Refused a message: %s", error, extra=members_of([one]))
                unfit.append(one)
        # The settings of this worker may be all that makes one unfit; its row must not wait here.
        if unfit and self._move_to_heavy(unfit, delivery) is None:
            return
        if missing and not self._hand_back(missing, delivery):
            return
        self._writer.submit(FinishedMessage(delivery, outcomes, is_refused=bool(unfit)))

    def _move_to_heavy(self, works: Sequence[Work], delivery: Delivery) -> set[UUID] | None:
        """Queue in the heavy lane what may be killing worker after worker, or is not for this one.

        There a child process computes, with limits, and attempts are counted. Return the ids that
        were queued; None if this worker stops, so that the message is redelivered.
        """

        def move() -> set[UUID]:
            with self._engine.begin() as connection:
                moved = move_to_heavy(connection, [work.calculation_id for work in works])
                notify_outbox(connection, [Lane.HEAVY])
            return moved

        return self._write(move, "move calculations to the heavy lane", delivery)

    def _hand_back(self, works: Sequence[Work], delivery: Delivery) -> bool:
        """Leave it to other workers to compute what this one does not have the function of.

        Return False if this worker stops, so that the message is redelivered.
        """

        def hand_back_all() -> bool:
            with self._engine.begin() as connection:
                hand_back(connection, [work.calculation_id for work in works], Lane.QUICK)
            return True

        if self._write(hand_back_all, "hand calculations back", delivery) is None:
            return False
        self._offers.note_handed_back(works)
        return True

    def _write(self, write: Callable[[], _Value], what: str, delivery: Delivery) -> _Value | None:
        """Return what the transaction returns; None if this worker stops before it succeeds."""
        try:
            return retry_while_unavailable(write, what, self._stopping.is_set)
        except StoreUnavailable:
            delivery.is_detached = True  # without an answer it is redelivered
            return None

    def _outcome(self, work: Work) -> Outcome:
        """Compute.

        Raises CalculationUnfit for what this lane does not compute, and FunctionUnknown for what
        this worker cannot.
        """
        try:
            function = self._registry.get(work.function, work.function_version)
            with self._watchdog.running(work):  # an author's estimate may hang as well
                bound = self._admission.bind(function, work.arguments_text)
                result = self._calculator.compute(function, bound)
        except (CalculationUnfit, FunctionUnknown):
            raise
        except Exception as error:  # a function may raise anything
            failure = explain_failure(error)
            logger.warning(
                "Failed, %s: %s",
                failure.reason,
                failure.detail,
                extra=members_of([work]),
                exc_info=failure.has_traceback,
            )
            error_json = failure_json(failure.reason, failure.detail, failure.details)
            return Outcome(work, None, error_json)
        return Outcome(work, result, None)
