"""What a heavy worker consists of besides Dramatiq: slots, leases, and child processes."""

import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Engine

from shared.calculation import Lane
from shared.config import Settings
from shared.functions.registry import FunctionProblem
from shared.metrics.counters import Counters
from workers.broker.broker import LaneBroker
from workers.broker.slots import SlotConsumer, Slots
from workers.heavy.actor import HeavyCalculations, declare_actor
from workers.heavy.lease import Leases
from workers.offers import Offers
from workers.sandbox.outside.children import Children
from workers.sandbox.outside.process import CHILD_COMMAND
from workers.sandbox.outside.template_process import TEMPLATE_COMMAND


class HeavyLane:
    """Runs each calculation in a child process, and renews its lease for as long as it runs."""

    lane = Lane.HEAVY

    #: Of each subscription, of which there is one for each free slot.
    prefetch = 1

    #: For handing claims back, after the children have been killed. The kernel may need seconds to
    #: end one that holds gigabytes; a worker that ends before that loses an attempt.
    stop_seconds = 15.0

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        template_command: Sequence[str] = TEMPLATE_COMMAND,
        child_command: Sequence[str] = CHILD_COMMAND,
        installed: Callable[[], Collection[str] | None] | None = None,
        counters: Counters | None = None,
    ) -> None:
        """Take what returns the functions that children can compute; by default, they tell it."""
        self.counters = counters or Counters()
        self.worker_id = worker_id
        self.threads = settings.heavy_slots
        self.is_strict = settings.strict_functions
        self.slots = Slots(settings.heavy_slots)
        self.consumer_class = partial(SlotConsumer, slots=self.slots)
        self.leases = Leases(
            engine,
            worker_id,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
        )
        self._children = Children(template_command, child_command, self.threads)
        self.offers = Offers(self.lane, installed or self._children.offers)
        self._calculations = HeavyCalculations(
            settings,
            engine,
            worker_id,
            self.leases,
            self.slots,
            self._children,
            self.offers,
            self.counters,
        )
        self.watermark = self._calculations.watermark

    @property
    def busy_slots(self) -> int:
        """How many calculations it has claimed."""
        return self.leases.held

    def declare_actor(self, broker: LaneBroker) -> None:
        """Declare `calculate_heavy`."""
        declare_actor(broker, self._calculations)

    def start(self) -> None:
        """Get ready for deliveries."""
        self.leases.start()
        self._children.start()

    def wait_until_ready(self, stopping: threading.Event) -> bool:
        """Wait until it is known which functions can be run; False if `stopping` came first.

        A worker that cannot import them, or not yet, must take no work that another could do.
        """
        return self._children.wait_until_ready(stopping)

    @property
    def function_problems(self) -> Sequence[FunctionProblem]:
        """The installed functions that cannot be used, once it is ready."""
        return self._children.problems

    @property
    def is_busy(self) -> bool:
        """Return whether a calculation runs: it needs no RabbitMQ."""
        return not self.leases.is_idle

    def is_sound(self) -> bool:
        """Return whether the threads of the heartbeat and of the template run."""
        return self.leases.is_alive and self._children.is_alive

    def stop(self) -> None:
        """Take nothing more, kill what runs, and have its claims handed back."""
        self.slots.close()
        self.leases.stop_all()
        self._children.close()

    def before_disconnect(self) -> None:
        """Stop the heartbeat, which has nothing left to renew."""
        self.leases.close()
