"""A worker process: what it is made of, how it starts, and how it ends."""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from uuid import UUID, uuid4

import dramatiq
from dramatiq import Worker
from sqlalchemy import Engine

from shared.calculation import Lane
from shared.config import Settings, load_settings
from shared.crash_points import arm_from_environment
from shared.errors import MessageInvalid, SettingsInvalid
from shared.functions.registry import load_registry
from shared.logs import set_up_logs
from shared.messages import actor_name, queue_name
from shared.postgres.connections import make_engine
from workers.broker.broker import QuorumBroker
from workers.broker.dramatiq_logs import soften_outages
from workers.heavy.actor import HeavyLane
from workers.heavy.chunks import CONCURRENT_WRITES
from workers.presence import Presence
from workers.quick.actor import QuickLane
from workers.sandbox.limits import become_subreaper

logger = logging.getLogger(__name__)

#: A worker that could not consume for so long ends, so that its supervisor starts a fresh one.
SILENCE_SECONDS = 60.0

_LOOK_SECONDS = 0.5
_POLL_MILLISECONDS = 200

#: Connections to PostgreSQL besides those of heavy slots: heartbeat or writer, and presence.
_OWN_CONNECTIONS = 2

USAGE_STATUS = 2


def main(arguments: list[str]) -> int:
    """Run the worker of the lane that the command line names; return its exit status."""
    if arguments not in ([Lane.QUICK], [Lane.HEAVY]):
        sys.stderr.write("usage: python -m workers quick|heavy\n")
        return USAGE_STATUS
    try:
        settings = load_settings()
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return USAGE_STATUS
    set_up_logs(settings.log_level)
    arm_from_environment()
    worker_id = uuid4()
    lane = Lane(arguments[0])
    slots = settings.heavy_slots if lane is Lane.HEAVY else 0
    engine = make_engine(
        settings,
        connections=_OWN_CONNECTIONS + CONCURRENT_WRITES * slots,
        name=f"reckoner-{lane}-worker",
        # Each statement of a quick worker is a transaction by itself.
        is_autocommit=lane is Lane.QUICK,
    )
    part: QuickLane | HeavyLane
    if lane is Lane.HEAVY:
        become_subreaper()
        part = HeavyLane(settings, engine, worker_id)
    else:
        part = QuickLane(settings, engine, load_registry())
    return run(settings, part, engine, worker_id, _stop_on_signals())


def run(
    settings: Settings,
    part: QuickLane | HeavyLane,
    engine: Engine,
    worker_id: UUID,
    stopping: threading.Event,
) -> int:
    """Work until `stopping` is set, and return 0; or 1 when this process can no longer work."""
    lane = part.lane
    presence = Presence(engine, worker_id, part.watermark, lane=lane, slots=part.threads)
    if not presence.start(stopping):
        return 0
    broker = QuorumBroker(
        settings.amqp_urls,
        part.make_consumer,
        part.before_hanging_up,
        name=f"reckoner-{lane}-worker {worker_id}",
    )
    part.start()
    dramatiq.actor(
        broker=broker,
        actor_name=actor_name(lane),
        queue_name=queue_name(lane),
        throws=MessageInvalid,
    )(part.calculate)
    soften_outages(lane)
    worker = Worker(broker, worker_threads=part.threads, worker_timeout=_POLL_MILLISECONDS)
    worker.start()
    logger.info("started", extra={"worker_id": worker_id, "lane": lane, "slots": part.threads})
    status = _watch(worker, part, stopping)
    part.stop()
    worker.stop(timeout=int(part.stopping_seconds * 1000))
    presence.close()
    engine.dispose()
    logger.info("stopped", extra={"worker_id": worker_id, "status": status})
    return status


def _watch(worker: Worker, part: QuickLane | HeavyLane, stopping: threading.Event) -> int:
    """Wait for the end; return the exit status that it calls for."""
    while not stopping.wait(_LOOK_SECONDS):
        if part.silent_seconds() > SILENCE_SECONDS:
            logger.critical("could not consume for %g seconds: giving up", SILENCE_SECONDS)
            return 1
        if not part.is_sound() or not all(thread.is_alive() for thread in worker.workers):
            logger.critical("a thread of this worker has died or hangs: giving up")
            return 1
    return 0


def _stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and SIGHUP set.

    A second SIGTERM or SIGINT ends the process at once. A second SIGHUP does not: when a terminal
    closes, the kernel and the shell each send one.
    """
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, lambda _number, _frame: stopping.set())
    return stopping
