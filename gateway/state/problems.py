"""What is wrong, in words: all of shared/diagnosis together, the worst first."""

from collections.abc import Iterator, Sequence

from gateway.state.reading import Reading
from shared.config import Settings
from shared.diagnosis.functions import function_problems
from shared.diagnosis.problem import Problem, Severity
from shared.diagnosis.queues import (
    admission_problems,
    dead_letter_problems,
    waiting_problems,
)
from shared.diagnosis.recent import clock_problems, failure_problems, history_problems
from shared.diagnosis.relays import relay_problems
from shared.diagnosis.storage import late_retention_problems, storage_problems
from shared.diagnosis.workers import worker_problems
from shared.functions.registry import FunctionProblem
from shared.store.retention.state import Storage
from shared.store.totals.queued_work import Sums

_ORDER = list(Severity)


def find_problems(
    reading: Reading,
    storage: Storage,
    queued: Sums,
    settings: Settings,
    installed: frozenset[str],
    function_faults: Sequence[FunctionProblem],
) -> list[Problem]:
    """Return all that is wrong, the worst first; nothing if everything works."""
    found = _find(reading, storage, queued, settings, installed, function_faults)
    return sorted(found, key=lambda problem: _ORDER.index(problem.severity))


def _find(
    reading: Reading,
    storage: Storage,
    queued: Sums,
    settings: Settings,
    installed: frozenset[str],
    function_faults: Sequence[FunctionProblem],
) -> Iterator[Problem]:
    yield from relay_problems(reading.capacity.relays, reading.outbox)
    for lane, state in reading.lanes.items():
        yield from worker_problems(
            lane, reading.workers, state.queued, installed, where="the gateway"
        )
        slots = reading.capacity.slots.get(lane, 0)
        yield from waiting_problems(lane, state.oldest_queued_seconds, slots)
    yield from dead_letter_problems(reading.dead_letters)
    yield from function_problems(function_faults)
    yield from failure_problems(reading.recent)
    yield from admission_problems(
        queued.seconds, settings.max_queued_seconds, queued.bytes, settings.max_queued_bytes
    )
    yield from storage_problems(storage, settings.retention_bytes)
    has_limit = bool(settings.retention_bytes or settings.retention_seconds)
    now = reading.span.now
    yield from late_retention_problems(storage.ran_at, now, has_limit=has_limit)
    is_relay_alive = reading.capacity.relay_problem is None
    yield from history_problems(reading.span, is_relay_alive=is_relay_alive)
    yield from clock_problems(now, reading.clock.local, reading.clock.uncertain_seconds)
