"""What PostgreSQL says of the state of Reckoner, as metrics."""

from collections.abc import Mapping

from sqlalchemy import Connection

from gateway.waiting.capacity import Capacity, find_capacity
from shared.calculation import Lane
from shared.metrics import catalogue
from shared.metrics.metric import Metric
from shared.store.metrics import measure_database
from shared.store.presence import SILENT_SECONDS, count_workers
from shared.store.system import LaneState, count_lanes, measure_outbox

#: Numbers by metric and then by the values of its labels.
States = Mapping[Metric, Mapping[tuple[str, ...], float]]


def read_states(connection: Connection) -> States:
    """Return the states, each of which is a few rows, or the partial index of unfinished ones."""
    outbox = measure_outbox(connection)
    return {
        **_of_queues(count_lanes(connection)),
        catalogue.OUTBOX_DEPTH: {(): outbox.depth},
        catalogue.OUTBOX_AGE: {(): outbox.age_seconds},
        **_of_capacity(find_capacity(connection), count_workers(connection, SILENT_SECONDS)),
        catalogue.DATABASE_SIZE: {(): measure_database(connection)},
    }


def _of_queues(lanes: Mapping[Lane, LaneState]) -> States:
    depth: dict[tuple[str, ...], float] = {}
    for lane, state in lanes.items():
        depth[lane, "queued"] = state.queued - state.published
        depth[lane, "published"] = state.published
        depth[lane, "running"] = state.running
    oldest: dict[tuple[str, ...], float] = {
        (lane,): state.oldest_queued_seconds or 0.0 for lane, state in lanes.items()
    }
    return {catalogue.QUEUE_DEPTH: depth, catalogue.QUEUE_OLDEST_SECONDS: oldest}


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
