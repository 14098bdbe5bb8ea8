"""While an upgrade replaces workers, those of the earlier version get messages that they take."""

import json
from uuid import uuid4

import pytest

from shared.calculation import Lane
from shared.messages import decode_work, queue_name
from shared.store import presence
from tests.integration.outbox import make_relay, queue


def published(channel, lane):
    """Return the members of the message that waits in a lane's queue."""
    _, _, body = channel.basic_get(queue_name(lane), auto_ack=True)
    return json.loads(body)["kwargs"]["work"]


@pytest.fixture
def publish(monkeypatch, settings, relay_engine, channel):
    """Publish a calculation to a lane; return the version of the message."""
    monkeypatch.setattr("gateway.relay.message_version._KEPT_SECONDS", 0.0)
    lanes = make_relay(settings, relay_engine).lanes
    numbers = iter(range(1_000, 2_000))

    def publish_one(lane):
        (calculation,) = queue(relay_engine, next(numbers), lane=lane)
        assert lanes[lane].publish_batch() == 1
        members = published(channel, lane)
        (work,) = decode_work(members)
        assert work.calculation_id == calculation.id
        return members["version"]

    return publish_one


def test_messages_have_the_version_that_all_workers_of_their_lane_take(engine, publish):
    def note(lane, offers, message_version=None):
        worker_id = uuid4()
        with engine.begin() as connection:
            presence.upsert_worker(
                connection,
                worker_id,
                host="h",
                pid=1,
                lane=lane,
                slots=1,
                offers=offers,
                message_version=message_version,
            )
        return worker_id

    def forget(worker_id):
        with engine.begin() as connection:
            presence.delete_worker(connection, worker_id)

    assert publish(Lane.HEAVY) == 4
    note(Lane.HEAVY, ["fibonacci/1"], 4)
    note(Lane.HEAVY, None, 4)  # it does not know yet what it offers
    assert publish(Lane.HEAVY) == 4
    without_version = note(Lane.HEAVY, ["fibonacci/1"])
    assert publish(Lane.HEAVY) == 3
    without_offers = note(Lane.HEAVY, None)
    assert publish(Lane.HEAVY) == 2
    assert publish(Lane.QUICK) == 4
    forget(without_offers)
    assert publish(Lane.HEAVY) == 3
    forget(without_version)
    assert publish(Lane.HEAVY) == 4
    note(Lane.QUICK, ["fibonacci/1"], 5)  # of a later version, which takes ours as well
    assert publish(Lane.QUICK) == 4
