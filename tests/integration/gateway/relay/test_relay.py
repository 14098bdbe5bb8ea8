"""From the outbox to RabbitMQ, and back when something was lost."""

import dataclasses
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.relay.confirms import Receipt
from gateway.relay.rescue import Rescue
from shared.calculation import Lane, Work
from shared.config import load_settings
from shared.errors import BrokerUnavailable
from shared.messages import actor_name, decode_work, queue_name
from shared.store import leases
from tests.eventually import eventually
from tests.integration.listening import listening
from tests.integration.outbox import make_relay, queue, running, unpublished


def take(channel, lane=Lane.QUICK):
    """Return the work that waits in the lane's queue, and acknowledge it."""
    works: list[Work] = []
    while True:
        method, _, body = channel.basic_get(queue_name(lane), auto_ack=True)
        if method is None:
            return works
        message = json.loads(body)
        assert message["queue_name"] == queue_name(lane)
        assert message["actor_name"] == actor_name(lane)
        works += decode_work(message["kwargs"]["work"])


@pytest.mark.slow
def test_every_row_is_published_to_its_lane(settings, relay_engine, channel):
    quick = queue(relay_engine, *range(1_200))
    heavy = queue(relay_engine, 5_000, lane=Lane.HEAVY)
    relay = make_relay(settings, relay_engine)
    with running(relay):
        eventually(lambda: unpublished(relay_engine) == 0)
    assert {work.calculation_id for work in take(channel)} == {one.id for one in quick}
    (work,) = take(channel, Lane.HEAVY)
    assert (work.calculation_id, work.request_id) == (heavy[0].id, "request")


@pytest.mark.slow
def test_a_deleted_queue_is_declared_again(settings, relay_engine, channel):
    relay = make_relay(settings, relay_engine)
    with running(relay):
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)
        channel.queue_delete(queue_name(Lane.QUICK))
        later = queue(relay_engine, 2)
        eventually(lambda: unpublished(relay_engine) == 0)
    assert later[0].id in {work.calculation_id for work in take(channel)}


def test_without_rabbitmq_nothing_is_marked_as_published(store_settings, relay_engine):
    queue(relay_engine, 1)
    relay = make_relay(store_settings, relay_engine)
    with pytest.raises(BrokerUnavailable):
        relay.lanes[Lane.QUICK].publish_batch()
    assert unpublished(relay_engine) == 1


@pytest.fixture
def impatient(database_url, broker_url):
    return load_settings(
        {"database_url": database_url, "broker_url": broker_url, "lost_message_seconds": 0.1}
    )


def end_all(engine):
    """Have PostgreSQL end the relay's connections."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'test relay'"
            )
        )


def test_a_broken_connection_to_postgresql_is_replaced(settings, engine, relay_engine, channel):
    relay = make_relay(settings, relay_engine)
    queue(engine, 1)
    assert relay.lanes[Lane.QUICK].publish_batch() == 1
    queue(engine, 2)
    end_all(engine)
    with pytest.raises(DBAPIError):
        relay.lanes[Lane.QUICK].publish_batch()
    assert relay.lanes[Lane.QUICK].publish_batch() == 1
    assert {work.arguments_text for work in take(channel)} == {'{"n":1}', '{"n":2}'}


def test_rows_return_when_the_connection_breaks_before_the_commit(
    settings, engine, relay_engine, monkeypatch
):
    relay = make_relay(settings, relay_engine)
    queue(engine, 1)

    def refuse(bodies):
        end_all(engine)
        return Receipt(frozenset(), "refused")

    monkeypatch.setattr(relay.lanes[Lane.QUICK].publisher, "publish", refuse)
    with pytest.raises(DBAPIError):
        relay.lanes[Lane.QUICK].publish_batch()
    assert unpublished(engine) == 1


def test_only_what_was_refused_of_a_batch_is_put_back(settings, relay_engine, monkeypatch):
    lane = make_relay(settings, relay_engine).lanes[Lane.HEAVY]
    queue(relay_engine, 1, 2, 3, lane=Lane.HEAVY)
    refused: list[Work] = []

    def refuse_the_second(bodies):
        refused.extend(decode_work(json.loads(bodies[1])["kwargs"]["work"]))
        return Receipt(frozenset([0, 2]), "refused 1 of 3 messages")

    monkeypatch.setattr(lane.publisher, "publish", refuse_the_second)
    with pytest.raises(BrokerUnavailable, match="1 of 3"):
        lane.publish_batch()
    with relay_engine.begin() as connection:
        waiting = connection.execute(
            text("SELECT id FROM calculations WHERE published_at IS NULL")
        ).scalars()
        assert list(waiting) == [work.calculation_id for work in refused]


def test_a_purged_message_is_published_again(impatient, relay_engine, channel):
    relay = make_relay(impatient, relay_engine)
    (calculation,) = queue(relay_engine, 1)
    relay.lanes[Lane.QUICK].publish_batch()
    channel.queue_purge(queue_name(Lane.QUICK))
    eventually(lambda: relay.rescue.run_once() == 1)
    relay.lanes[Lane.QUICK].publish_batch()
    assert [work.calculation_id for work in take(channel)] == [calculation.id]


def test_a_message_that_waits_is_not_published_twice(settings, relay_engine, channel):
    at_once = dataclasses.replace(settings, lost_message_seconds=0)
    relay = make_relay(at_once, relay_engine)
    queue(relay_engine, 1)
    relay.lanes[Lane.QUICK].publish_batch()
    eventually(lambda: relay.lanes[Lane.QUICK].publisher.ready_messages() == 1)
    with relay_engine.begin() as connection:
        connection.execute(text("UPDATE calculations SET published_at = now() - interval '1 day'"))
    assert relay.rescue.run_once() == 0
    assert len(take(channel)) == 1
    eventually(lambda: relay.rescue.run_once() == 1)  # for only the message kept it from that


def test_messages_count_as_lost_once_their_lanes_queue_was_empty_for_long_enough(
    settings, engine, clock
):
    depths = dict.fromkeys(Lane, 0)
    patient = dataclasses.replace(settings, lost_message_seconds=60)
    rescue = Rescue(engine, patient, depths.__getitem__)
    made = queue(engine, 1), queue(engine, 2, lane=Lane.HEAVY)
    with engine.begin() as connection:
        connection.execute(text("UPDATE calculations SET published_at = now() - interval '1 day'"))

    def returned(seconds, **changed):
        clock.now += seconds
        depths.update({Lane(lane): depth for lane, depth in changed.items()})
        return rescue.run_once()

    assert [returned(0), returned(59)] == [0, 0]
    assert returned(0.5, quick=1) == 0  # a message in between: it begins anew
    assert returned(0.5, quick=0) == 1  # the other lane's time is up
    with engine.begin() as connection:
        statuses = connection.execute(
            text("SELECT lane FROM calculations WHERE published_at IS NULL")
        ).scalars()
        assert list(statuses) == [Lane.HEAVY]
    assert [returned(59), returned(1)] == [0, 1]
    assert len(made) == 2


def test_a_queue_that_cannot_be_counted_is_not_taken_for_empty(settings, engine, clock):
    is_down = threading.Event()

    def ready(_lane):
        if is_down.is_set():
            raise BrokerUnavailable("down")
        return 0

    rescue = Rescue(engine, dataclasses.replace(settings, lost_message_seconds=60), ready)
    queue(engine, 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE calculations SET published_at = now() - interval '1 day'"))
    for seconds, down in ((0, False), (59, True), (59, False), (59, False)):
        clock.now += seconds
        (is_down.set if down else is_down.clear)()
        assert rescue.run_once() == 0
    clock.now += 1
    assert rescue.run_once() == 1


def not_before(engine, calculation):
    """Return when a calculation is due, and PostgreSQL's time."""
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT not_before, now() FROM calculations WHERE id = :id"),
            {"id": calculation.id},
        ).one()


@pytest.mark.slow
def test_an_expired_claim_is_published_again_after_a_pause(settings, relay_engine, channel):
    relay = make_relay(settings, relay_engine)
    (calculation,) = queue(relay_engine, 1, lane=Lane.HEAVY)
    heavy = relay.lanes[Lane.HEAVY]
    assert heavy.publish_batch() == 1
    assert len(take(channel, Lane.HEAVY)) == 1
    with relay_engine.begin() as connection:
        leases.claim_calculation(
            connection, calculation.id, worker_id=calculation.id, lease_seconds=0
        )
    _, before = not_before(relay_engine, calculation)
    with listening(settings) as listener:
        assert relay.rescue.run_once() == 1
        assert listener.changed() == [str(calculation.id)]
    due, after = not_before(relay_engine, calculation)
    assert before + timedelta(seconds=1) <= due <= after + timedelta(seconds=1)
    eventually(lambda: heavy.publish_batch() == 1)
    (work,) = take(channel, Lane.HEAVY)
    assert work.calculation_id == calculation.id
    heavy.publisher.close()
