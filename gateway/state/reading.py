"""What is read of PostgreSQL for /system, in queries that many requests share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from gateway.waiting.capacity import Capacity, find_capacity
from shared.calculation import Lane
from shared.diagnosis.recent import RECENT
from shared.metrics.catalogue import BUSY_SLOTS, DEAD_LETTERS
from shared.metrics.counters import label_text
from shared.store.history import MINUTE_SECONDS, Span, Step, find_span, list_steps
from shared.store.metrics import measure_database, read_gauges
from shared.store.presence import SILENT_SECONDS, WorkerState, list_workers
from shared.store.redrives import Redrive, list_redrives
from shared.store.totals.failures import Failures, count_failures
from shared.store.totals.running import Running, list_running
from shared.store.totals.system import (
    LaneState,
    OutboxState,
    count_finished_last_minute,
    count_lanes,
    measure_outbox,
)

_SHOWN_REDRIVES = 10


@dataclass(frozen=True, slots=True)
class Clock:
    """This machine's time when PostgreSQL's was `Span.now`, and how uncertain that is."""

    local: datetime
    uncertain_seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Queues, processes and what they do. Of dead letters those that a relay has counted."""

    capacity: Capacity
    workers: Sequence[WorkerState]
    running: Sequence[Running]
    lanes: Mapping[Lane, LaneState]
    outbox: OutboxState
    finished: Mapping[str, int]
    dead_letters: Mapping[Lane, int]
    busy_slots: Mapping[Lane, int]
    redrives: Sequence[Redrive]
    span: Span
    clock: Clock
    recent: Sequence[Step]


@dataclass(frozen=True, slots=True)
class SlowReading:
    """What changes slowly, or takes longer to find out."""

    failures: Failures
    database_bytes: int


def read_state(connection: Connection) -> Reading:
    """Read all but what changes slowly."""
    asked_at = datetime.now(UTC)
    span = find_span(connection)
    uncertain = datetime.now(UTC) - asked_at
    gauges = read_gauges(connection)
    dead_letters, busy_slots = gauges.get(DEAD_LETTERS.name, {}), gauges.get(BUSY_SLOTS.name, {})
    names = {lane: label_text([lane]) for lane in Lane}
    return Reading(
        capacity=find_capacity(connection),
        workers=list_workers(connection, SILENT_SECONDS),
        running=list_running(connection),
        lanes=count_lanes(connection),
        outbox=measure_outbox(connection),
        finished=count_finished_last_minute(connection),
        dead_letters={
            lane: int(dead_letters[name].largest)
            for lane, name in names.items()
            if name in dead_letters
        },
        busy_slots={
            lane: int(busy_slots[name].sum) for lane, name in names.items() if name in busy_slots
        },
        redrives=list_redrives(connection, _SHOWN_REDRIVES),
        span=span,
        clock=Clock(asked_at + uncertain / 2, uncertain.total_seconds()),
        recent=list_steps(connection, MINUTE_SECONDS, span.now - RECENT),
    )


def read_slowly(connection: Connection) -> SlowReading:
    """Read what changes slowly."""
    return SlowReading(count_failures(connection), measure_database(connection))
