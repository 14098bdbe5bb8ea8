"""The quick lane: computed in this process's threads, written in batches, and never claimed.

Two workers may compute the same calculation; the guarded update of the first counts.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

import pika
from sqlalchemy import Engine

from shared import messages
from shared.calculation import Lane
from shared.computing import Calculator
from shared.config import Settings
from shared.errors import CalculationUnfit, FunctionUnknown, ResultWrong, StoreUnavailable
from shared.failures import failure_json
from shared.functions.registry import Function, Registry
from shared.postgres.retry import retry_while_unavailable
from shared.store.notifications import notify_outbox
from shared.store.quick import QuickSuccess, move_to_heavy
from shared.work import Work
from workers.broker.broker import current_delivery
from workers.broker.consumer import Consumption, Delivery, LaneConsumer
from workers.quick.admission import Admission
from workers.quick.group_commit import Finished, GroupCommit, Outcome
from workers.quick.watchdog import Watchdog

logger = logging.getLogger(__name__)

_DETAIL_CHARACTERS = 500

#: A calculation of this lane that takes so long does not end, or its estimate is worth nothing.
_HANGING_SECONDS = 20.0
_HURRIED_SECONDS = 2.0


class QuickLane:
    """What a quick worker consists of besides Dramatiq."""

    lane = Lane.QUICK

    #: For calculations under way, of at most RECKONER_QUICK_SECONDS each, or so it was estimated.
    stopping_seconds = 20.0

    def __init__(self, settings: Settings, engine: Engine, registry: Registry) -> None:
        self.threads = settings.quick_threads
        self._most_returns = settings.max_attempts
        self._engine = engine
        self._watchdog = Watchdog()
        self._prefetch = settings.quick_prefetch
        self._registry = registry
        self._admission = Admission(settings)
        self._calculator = Calculator()
        self._writer = GroupCommit(engine)
        self.watermark = self._writer.watermark
        self._consumption = Consumption()
        self._is_stopping = False

    def make_consumer(
        self, parameters: Sequence[pika.URLParameters], poll_seconds: float
    ) -> LaneConsumer:
        """Connect and subscribe."""
        return LaneConsumer(
            parameters,
            Lane.QUICK,
            prefetch=self._prefetch,
            poll_seconds=poll_seconds,
            consumption=self._consumption,
        )

    def start(self) -> None:
        """Get ready for deliveries."""
        self._writer.start()

    def calculate(self, work: object) -> None:
        """Compute, check, and hand the outcomes to the writer. This is the actor.

        Raises MessageInvalid.
        """
        works = messages.decode(work)
        delivery = current_delivery()
        if delivery.returned >= self._most_returns:
            moved = self._leave_to_heavy(works, delivery)
            if moved is not None:
                logger.warning(
                    "%d calculations go to the heavy lane: their message came back %d times",
                    len(moved),
                    delivery.returned,
                )
            return
        outcomes: list[Outcome] = []
        unfit: list[Work] = []
        for one in works:
            try:
                outcomes.append(self._outcome(one))
            except CalculationUnfit as error:
                if not unfit:  # one line for a message, however many it holds
                    logger.error("refused a message: %s", error, extra=_members(one))
                unfit.append(one)
        # The row of one that is unfit by these settings only, if there is one, must not wait here.
        if unfit and self._leave_to_heavy(unfit, delivery) is None:
            return
        self._writer.submit(Finished(delivery, outcomes, is_refused=bool(unfit)))

    def _leave_to_heavy(self, works: Sequence[Work], delivery: Delivery) -> set[UUID] | None:
        """Leave to the heavy lane what may be killing worker after worker, or is not for this one.

        There a child process computes, with limits, and attempts are counted. Return what was
        queued; None if this worker stops, and the message is to come again.
        """

        def move() -> set[UUID]:
            with self._engine.begin() as connection:
                moved = move_to_heavy(connection, [work.calculation_id for work in works])
                notify_outbox(connection, [Lane.HEAVY])
            return moved

        try:
            return retry_while_unavailable(
                move, "move calculations to the heavy lane", lambda: self._is_stopping
            )
        except StoreUnavailable:
            delivery.is_kept = True  # unanswered, it comes again
            return None

    def _outcome(self, work: Work) -> Outcome:
        """Compute; raise CalculationUnfit for what this lane does not."""
        try:
            function = _installed(self._registry, work)
            self._admission.check(function, work.arguments)
            with self._watchdog.running(work):
                computed = self._calculator.compute(function, work.arguments)
        except CalculationUnfit:
            raise
        except FunctionUnknown as error:
            error_json = failure_json("function-gone", str(error))
        except ResultWrong as error:
            error_json = failure_json("result-wrong", str(error))
        except Exception as error:  # a function may raise anything
            detail = f"{type(error).__name__}: {error}"[:_DETAIL_CHARACTERS]
            error_json = failure_json("function-failed", detail)
            logger.exception("%s failed", work.function, extra=_members(work))
        else:
            success = QuickSuccess(work.calculation_id, computed.result, computed.digits)
            return Outcome(work, success, None)
        logger.warning("failed: %s", error_json, extra=_members(work))
        return Outcome(work, None, error_json)

    def silent_seconds(self) -> float:
        """Return how long this process has been unable to consume."""
        return self._consumption.silent_seconds

    def is_sound(self) -> bool:
        """Say whether all threads of ours are there, and none hangs.

        A thread cannot be ended. This process can, and after some tries the heavy lane computes
        what it hung in.
        """
        hanging = self._watchdog.overdue(_HANGING_SECONDS)
        for work in hanging:
            logger.critical("hangs: %s", work.function, extra=_members(work))
        if hanging:
            self.stopping_seconds = _HURRIED_SECONDS
        return self._writer.is_alive and not hanging

    def stop(self) -> None:
        """Nothing to hurry: what is being computed is done in a moment, and is written."""
        self._is_stopping = True

    def before_hanging_up(self) -> None:
        """Write the last results while their messages can still be acknowledged."""
        self._writer.close()


def _installed(registry: Registry, work: Work) -> Function:
    """Return the function in the version that was asked for; else raise FunctionUnknown."""
    function = registry.get(work.function)
    if function.version != work.function_version:
        raise FunctionUnknown(f"{work.function}, version {work.function_version}", ())
    return function


def _members(work: Work) -> dict[str, object]:
    return {"calculation_id": work.calculation_id, "request_id": work.request_id}
