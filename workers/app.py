"""Workers by Dramatiq's command line: `dramatiq workers.app:quick`, `dramatiq workers.app:heavy`.

Dramatiq calls the function in each of its processes. Importing this module does nothing.
docs/how-to/run-workers-with-dramatiq.md says what Dramatiq's options do here; `python -m workers`
needs none.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import dramatiq
from dramatiq import Worker
from sqlalchemy import Engine

from shared.calculation import Lane
from shared.config import Settings
from shared.functions.registry import load_registry
from shared.metrics.counters import Counters
from shared.postgres.connections import make_engine
from shared.startup import start_process
from workers.broker.broker import LaneBroker
from workers.heavy.chunks import CONCURRENT_WRITES
from workers.heavy.lane import HeavyLane
from workers.lifecycle import FAILURE_STATUS, Lifecycle, WorkerLane, end_this_process
from workers.quick.lane import QuickLane
from workers.sandbox.limits import become_subreaper

#: Connections to PostgreSQL besides those of heavy slots: heartbeat or writer, and presence.
_BASE_CONNECTIONS = 2

#: For the connection to RabbitMQ to end; calculations have a time of their own (Lifecycle).
_STOP_MILLISECONDS = 20_000

_PARENT_POLL_SECONDS = 0.5

_STOP_POLL_SECONDS = 1.0

#: How long a worker may take to stop once Dramatiq's main process has been killed.
_ORPHAN_SECONDS = 45.0


def quick() -> None:
    """Make the broker of a quick worker, and have Dramatiq use it."""
    _set_up(Lane.QUICK)


def heavy() -> None:
    """Make the broker of a heavy worker, and have Dramatiq use it."""
    _set_up(Lane.HEAVY)


def _set_up(lane: Lane) -> None:
    broker = make_worker_broker(lane)
    main_process = multiprocessing.parent_process()
    if main_process is not None:
        is_direct = multiprocessing.get_start_method() != "forkserver"
        pid = main_process.pid if is_direct else os.getppid()
        threading.Thread(
            target=_stop_with_parent, args=(pid,), name="main-process", daemon=True
        ).start()
    dramatiq.set_broker(broker)


def _stop_with_parent(parent_pid: int | None) -> None:
    """Stop this process when its parent, Dramatiq's main process, has been killed.

    Nobody reads the pipe of its log lines then. A process that blocks on writing one cannot stop,
    and is ended after a while.
    """
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_POLL_SECONDS)
    end_this_process()
    time.sleep(_ORPHAN_SECONDS)
    os._exit(FAILURE_STATUS)


def make_worker_broker(lane: Lane) -> LaneBroker:
    """Set up this process as a worker of the lane, and return its broker."""
    worker_id = uuid4()
    settings = start_process(str(lane), worker=worker_id)
    slots = settings.heavy_slots if lane is Lane.HEAVY else 0
    engine = make_engine(
        settings.sqlalchemy_url,
        connections=_BASE_CONNECTIONS + CONCURRENT_WRITES * slots,
        name=f"reckoner-{lane}-worker",
        # Each statement of a quick worker is a transaction by itself.
        is_autocommit=lane is Lane.QUICK,
    )
    counters = Counters()
    part: WorkerLane
    if lane is Lane.HEAVY:
        become_subreaper()
        part = HeavyLane(settings, engine, worker_id, counters=counters)
    else:
        part = QuickLane(settings, engine, worker_id, load_registry(), counters)
    return make_broker(settings, part, engine)


def make_broker(
    settings: Settings,
    lane: WorkerLane,
    engine: Engine,
    end: Callable[[], None] = end_this_process,
) -> LaneBroker:
    """Return the broker with the lane's actor, which starts and stops the lane with its worker.

    `end` is called when the worker can no longer work, and must stop it.
    """
    broker = LaneBroker(
        settings.amqp_urls,
        lane.lane,
        lane.consumer_class,
        name=f"reckoner-{lane.lane}-worker {lane.worker_id}",
        middleware=[Lifecycle(lane, engine, end)],
    )
    lane.declare_actor(broker)
    return broker


def run(broker: LaneBroker, stopping: threading.Event) -> None:
    """Work until `stopping` is set. Raises SystemExit if this process could not work any longer."""
    worker = Worker(broker)
    worker.start()
    # Not without a limit: a signal just before the wait begins, from a thread of this process that
    # has taken the interpreter's lock, would not end it.
    while not stopping.wait(_STOP_POLL_SECONDS):
        pass
    worker.stop(timeout=_STOP_MILLISECONDS)
    broker.close()
