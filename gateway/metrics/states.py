"""What PostgreSQL says of the state of Reckoner, as metrics."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from gateway.waiting.capacity import Capacity, find_capacity
from shared.calculation import Lane
from shared.metrics import catalogue
from shared.metrics.metric import Metric
from shared.store.metrics import measure_database
from shared.store.presence import SILENT_SECONDS, count_workers
from shared.store.retention.state import measure_storage
from shared.store.totals.queue_depths import Depth, measure_queues
from shared.store.totals.system import measure_outbox

#: Numbers by metric and then by the values of its labels.
States = Mapping[Metric, Mapping[tuple[str, ...], float]]


def read_states(connection: Connection) -> States:
    """Return the states, each of which is a few rows, or the partial index of unfinished ones."""
    outbox = measure_outbox(connection)
    return {
        **_of_queues(measure_queues(connection)),
        catalogue.OUTBOX_DEPTH: {(): outbox.depth},
        catalogue.OUTBOX_AGE: {(): outbox.age_seconds},
        **_of_capacity(find_capacity(connection), count_workers(connection, SILENT_SECONDS)),
        catalogue.DATABASE_SIZE: {(): measure_database(connection)},
    }


def read_storage(connection: Connection) -> States:
    """Return what is stored, unless older results are still being counted, and retention's run."""
    storage = measure_storage(connection)
    ran_at = storage.ran_at
    states: dict[Metric, Mapping[tuple[str, ...], float]] = {
        catalogue.RETENTION_LAST_RUN: {(): ran_at.timestamp() if ran_at else 0},
        catalogue.RETENTION_FAULT: {(): storage.fault is not None},
    }
    if storage.is_whole:
        states[catalogue.STORED_RESULTS] = {(): storage.results}
        states[catalogue.STORED_RESULT_BYTES] = {(): storage.bytes}
    return states


def _of_queues(depths: Iterable[Depth]) -> States:
    found: dict[tuple[str, ...], float] = {
        (lane, state): 0 for lane in Lane for state in ("queued", "published", "running")
    }
    oldest: dict[tuple[str, ...], float] = {(lane,): 0.0 for lane in Lane}
    for lane, state, calculations, seconds in depths:
        found[lane, state] = calculations
        oldest[lane,] = max(oldest[lane,], seconds)
    return {catalogue.QUEUE_DEPTH: found, catalogue.QUEUE_OLDEST_SECONDS: oldest}


def _of_capacity(capacity: Capacity, workers: Mapping[Lane, int]) -> States:
    alive = [relay for relay in capacity.relays if relay.silent_seconds <= SILENT_SECONDS]
    return {
        catalogue.WORKERS: {(lane,): workers.get(lane, 0) for lane in Lane},
        catalogue.SLOTS: {(lane,): capacity.slots.get(lane, 0) for lane in Lane},
        catalogue.RELAYS: {(): len(alive)},
        catalogue.RELAY_PROBLEMS: {
            (lane,): sum(lane in relay.problems for relay in alive) for lane in Lane
        },
    }
