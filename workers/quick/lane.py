"""What a quick worker consists of besides Dramatiq: the writer, and the watchdog."""

import logging
import threading
from uuid import UUID

from sqlalchemy import Engine

from shared.calculation import Lane
from shared.config import Settings
from shared.functions.offers import offers_of
from shared.functions.registry import Registry
from shared.logs.members import members_of
from shared.metrics.counters import Counters
from workers.broker.broker import LaneBroker
from workers.broker.consumer import LaneConsumer
from workers.offers import Offers
from workers.quick.actor import QuickCalculations, declare_actor
from workers.quick.group_commit import GroupCommit
from workers.quick.watchdog import Watchdog

logger = logging.getLogger(__name__)

#: A calculation of this lane that takes this long will not end, or its estimate is far too low.
_HANGING_SECONDS = 20.0
_HANGING_STOP_SECONDS = 2.0


class QuickLane:
    """Computes in the actor threads of this process, and stores results in batches."""

    lane = Lane.QUICK
    consumer_class = LaneConsumer

    #: RabbitMQ is needed all the time: no calculation takes long.
    is_busy = False

    #: For calculations under way, of at most RECKONER_QUICK_SECONDS each by their estimates.
    stop_seconds = 20.0

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        registry: Registry,
        counters: Counters | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self.worker_id = worker_id
        self.threads = settings.quick_threads
        self.is_strict = settings.strict_functions
        self.function_problems = registry.problems
        self.prefetch = settings.quick_prefetch
        self._watchdog = Watchdog()
        self._stopping = threading.Event()
        self._writer = GroupCommit(engine, self.counters)
        self.watermark = self._writer.watermark
        installed = offers_of(registry)
        self.offers = Offers(self.lane, lambda: installed)
        self._calculations = QuickCalculations(
            settings,
            engine,
            registry,
            self._writer,
            self._watchdog,
            self._stopping,
            self.offers,
        )

    @property
    def busy_slots(self) -> int:
        """How many threads compute."""
        return self._watchdog.running_count

    def declare_actor(self, broker: LaneBroker) -> None:
        """Declare `calculate_quick`."""
        declare_actor(broker, self._calculations)

    def start(self) -> None:
        """Get ready for deliveries."""
        self._writer.start()

    def wait_until_ready(self, stopping: threading.Event) -> bool:
        """Return whether it may take deliveries: at once, unless this worker stops."""
        return not stopping.is_set()

    def is_sound(self) -> bool:
        """Return whether the writer runs and no calculation hangs.

        A thread cannot be ended. This process can; its message is redelivered, and after some
        redeliveries the calculation goes to the heavy lane.
        """
        hanging = self._watchdog.overdue(_HANGING_SECONDS)
        for work in hanging:
            logger.critical("A calculation hangs: %s", work.function, extra=members_of([work]))
        if hanging:
            self.stop_seconds = _HANGING_STOP_SECONDS
        return self._writer.is_alive and not hanging

    def stop(self) -> None:
        """Stop retrying; calculations under way end in a moment, and are stored."""
        self._stopping.set()

    def before_disconnect(self) -> None:
        """Store the last results while their messages can still be acknowledged."""
        self._writer.close()
