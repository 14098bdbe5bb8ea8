"""How a worker process starts, is watched, and ends: Dramatiq's hooks, for both command lines."""

import logging
import os
import signal
import threading
from collections.abc import Callable

from dramatiq import Worker
from dramatiq.broker import Broker
from dramatiq.common import join_all
from dramatiq.middleware import Middleware
from dramatiq.worker import ConsumerThread
from sqlalchemy import Engine

from shared.messages import queue_name
from shared.startup import STRICT_REFUSAL, USAGE_STATUS, log_function_problems
from workers.broker.broker import LaneBroker
from workers.broker.log_levels import warn_of_outages
from workers.heavy.lane import HeavyLane
from workers.presence import Presence
from workers.quick.lane import QuickLane

logger = logging.getLogger(__name__)

#: A worker that could not consume for this long ends, so that its supervisor starts a fresh one.
SILENCE_SECONDS = 60.0

_WATCH_SECONDS = 0.5
_POLL_MILLISECONDS = 200

FAILURE_STATUS = 1

WorkerLane = QuickLane | HeavyLane


def end_this_process() -> None:
    """Stop as if the supervisor had requested it: both command lines handle SIGTERM."""
    os.kill(os.getpid(), signal.SIGTERM)


class Lifecycle(Middleware):
    """Starts and stops the lane with Dramatiq's worker, and ends a process that cannot work.

    The lane's settings count, whatever Dramatiq's command line says of threads, prefetch and the
    time that stopping may take.
    """

    def __init__(
        self, lane: WorkerLane, engine: Engine, end: Callable[[], None] = end_this_process
    ) -> None:
        self._lane = lane
        self._engine = engine
        self._end = end
        self._presence = Presence(
            engine,
            lane.worker_id,
            lane.watermark,
            lane=lane.lane,
            slots=lane.threads,
            offers=lane.offers.names,
            counters=lane.counters,
            busy_slots=lambda: lane.busy_slots,
        )
        self._stopping = threading.Event()
        self._is_registering = True
        self._status = 0
        self._extra = {"worker": lane.worker_id, "lane": lane.lane}

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Set up the worker by our settings, and start what the actor needs."""
        queue = queue_name(self._lane.lane)
        if worker.consumer_whitelist and queue not in worker.consumer_whitelist:
            logger.critical("This worker consumes %s only: leave --queues out", queue)
            raise SystemExit(USAGE_STATUS)
        worker.worker_threads = self._lane.threads
        worker.queue_prefetch = self._lane.prefetch
        worker.worker_timeout = _POLL_MILLISECONDS
        warn_of_outages(self._lane.lane)
        self._lane.start()

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Watch the worker from now on."""
        threading.Thread(target=self._watch, args=(worker,), name="watch", daemon=True).start()

    def after_consumer_thread_boot(self, broker: Broker, thread: ConsumerThread) -> None:  # noqa: ARG002
        """Register the worker before it consumes, once it can work and PostgreSQL is available."""
        try:
            is_ready = self._lane.wait_until_ready(self._stopping) and self._may_work()
            if is_ready and self._presence.start(self._stopping):
                extra = {**self._extra, "slots": self._lane.threads}
                logger.info("The worker is running", extra=extra)
        finally:
            self._is_registering = False

    def _may_work(self) -> bool:
        """Log which functions cannot be used; end the process if the settings demand that all can.

        With the status of wrong settings, since a restart alone is of no use.
        """
        problems = self._lane.function_problems
        log_function_problems(problems)
        if not problems or not self._lane.is_strict:
            return True
        logger.critical(STRICT_REFUSAL)
        self._status = USAGE_STATUS
        self._end()
        return False

    def _watch(self, worker: Worker) -> None:
        """End the process when it can no longer work."""
        while not self._stopping.wait(_WATCH_SECONDS):
            try:
                problem = self._problem(worker)
            except Exception:
                logger.exception("Cannot watch this worker")
                problem = "Nothing watches this worker"
            if problem and not self._status:
                logger.critical("%s: this worker ends", problem)
                self._status = FAILURE_STATUS
                self._end()
                return

    def _problem(self, worker: Worker) -> str | None:
        assert isinstance(worker.broker, LaneBroker)
        if self._is_registering:  # it consumes once PostgreSQL is available
            worker.broker.note_consuming()
            return None
        if not self._presence.is_registered:
            return "Could not register"
        if not self._lane.is_busy and worker.broker.silent_seconds > SILENCE_SECONDS:
            return f"Could not consume for {SILENCE_SECONDS:g} seconds"
        if not self._lane.is_sound() or not all(thread.is_alive() for thread in worker.workers):
            return "A thread of this worker has died or hangs"
        return None

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Stop what runs, and wait for it as long as the lane allows.

        Dramatiq would wait for threads that hang for --worker-shutdown-timeout, ten minutes.
        """
        self._stopping.set()
        self._lane.stop()
        for thread in worker.workers:
            thread.stop()
        join_all(worker.workers, int(self._lane.stop_seconds * 1000))  # type: ignore[no-untyped-call]
        worker.workers = [thread for thread in worker.workers if not thread.is_alive()]

    def before_consumer_thread_shutdown(self, broker: Broker, thread: ConsumerThread) -> None:  # noqa: ARG002
        """Do what needs the connection to RabbitMQ, now that the actors have returned."""
        self._lane.before_disconnect()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        """Deregister; raise SystemExit if the process could not work, so that it is restarted."""
        if self._presence.is_registered:
            self._presence.close()
        self._engine.dispose()
        logger.info("The worker has stopped", extra={**self._extra, "status": self._status})
        if self._status:
            raise SystemExit(self._status)
