"""Answers to deliveries: from any thread, in any order, and too late."""

import itertools
import json
import threading

import pytest
from dramatiq.errors import ConnectionClosed
from pika.exceptions import AMQPConnectionError

from shared import messages
from shared.calculation import Lane
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, body_of
from workers.broker.broker import LaneBroker
from workers.broker.consumer import Delivery, LaneConsumer
from workers.broker.slots import SlotConsumer, Slots

COUNT = 12


@pytest.fixture
def feed(settings, engine) -> Feed:
    feed = Feed(settings, engine)
    bodies = [body_of(make_calculation(arguments={"n": n})) for n in range(COUNT)]
    feed.publish(Lane.QUICK, *bodies)
    return feed


def make_consumer(settings, prefetch=COUNT) -> LaneConsumer:
    broker = make_broker(settings, Lane.QUICK, LaneConsumer)
    return LaneConsumer(broker, messages.queue_name(Lane.QUICK), prefetch, 50)


def make_broker(settings, lane, consumer_class) -> LaneBroker:
    return LaneBroker(settings.amqp_urls, lane, consumer_class, name="a worker in a test")


def take(consumer: LaneConsumer, count: int) -> list[Delivery]:
    found: list[Delivery] = []

    def all_there() -> bool:
        delivery = next(consumer)
        if delivery is not None:
            found.append(delivery)
        return len(found) >= count

    eventually(all_there)
    return found


@pytest.mark.parametrize(
    "batches",
    [
        [range(1, COUNT + 1)],
        [[3], [1], [2], [12, 5], [4]],
        [[2, 4], [3], [1], [6], [5]],
        [[12], [11], [10], [1]],
        [[1], [1]],
    ],
)
@pytest.mark.slow
def test_exactly_the_acknowledged_messages_are_not_redelivered(feed, settings, batches):
    consumer = make_consumer(settings)
    deliveries = take(consumer, COUNT)
    assert [delivery.tag for delivery in deliveries] == list(range(1, COUNT + 1))
    acknowledged = set(itertools.chain(*batches))
    for batch in batches:
        consumer.acknowledge(batch)
        next(consumer)
    consumer.close()
    eventually(lambda: feed.ready(Lane.QUICK) == COUNT - len(acknowledged))
    rest = make_consumer(settings)
    left = {
        json.loads(d.kwargs["work"]["calculations"][0]["arguments_text"])["n"]
        for d in take(rest, COUNT - len(acknowledged))
    }
    assert left == {tag - 1 for tag in range(1, COUNT + 1)} - acknowledged_numbers(acknowledged)
    rest.close()


def acknowledged_numbers(tags) -> set[int]:
    return {tag - 1 for tag in tags}


@pytest.mark.slow
def test_a_refusal_among_acknowledgements_goes_to_the_dead_letters(feed, settings):
    consumer = make_consumer(settings)
    deliveries = take(consumer, COUNT)
    deliveries[0].fail()
    consumer.nack(deliveries[0])
    consumer.acknowledge([delivery.tag for delivery in deliveries[1:]])
    consumer.close()
    eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert feed.ready(Lane.QUICK) == 0


@pytest.mark.slow
def test_answers_from_other_threads_arrive(feed, settings):
    consumer = make_consumer(settings)
    deliveries = take(consumer, COUNT)
    threads = [threading.Thread(target=delivery.acknowledge) for delivery in deliveries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    consumer.close()
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


@pytest.mark.slow
def test_an_answer_after_the_connection_has_closed_is_dropped(feed, settings):
    consumer = make_consumer(settings)
    deliveries = take(consumer, COUNT)
    consumer.close()
    deliveries[0].acknowledge()
    consumer.nack(deliveries[1])
    eventually(lambda: feed.ready(Lane.QUICK) == COUNT)


def test_no_more_than_the_prefetch_is_held(feed, settings):
    consumer = make_consumer(settings, prefetch=5)
    deliveries = take(consumer, 5)
    assert next(consumer) is None
    eventually(lambda: feed.ready(Lane.QUICK) == COUNT - 5)
    deliveries[2].acknowledge()
    take(consumer, 1)
    consumer.close()


@pytest.mark.slow
def test_a_renewed_channel_delivers(feed, settings, monkeypatch):
    monkeypatch.setattr("workers.broker.consumer._RENEWAL_SECONDS", 0.0)
    consumer = make_consumer(settings)
    for delivery in take(consumer, COUNT):
        delivery.acknowledge()
    for _ in range(5):
        assert next(consumer) is None
    feed.publish(Lane.QUICK, body_of(make_calculation()))
    take(consumer, 1)[0].acknowledge()
    consumer.close()
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


@pytest.mark.slow
def test_a_channel_is_not_renewed_while_an_answer_is_due(feed, settings, monkeypatch):
    monkeypatch.setattr("workers.broker.consumer._RENEWAL_SECONDS", 0.0)
    consumer = make_consumer(settings)
    first, *others = take(consumer, COUNT)
    for delivery in others:
        delivery.acknowledge()
    for _ in range(3):
        assert next(consumer) is None  # with a new channel it would have come again
    first.acknowledge()
    consumer.close()
    assert feed.ready(Lane.QUICK) == 0


def test_a_consumer_counts_as_consuming_also_without_deliveries(settings):
    broker = make_broker(settings, Lane.QUICK, LaneConsumer)
    consumer = LaneConsumer(broker, messages.queue_name(Lane.QUICK), 1, 10)
    broker._consumed_at -= 1_000
    assert broker.silent_seconds > 900
    assert next(consumer) is None
    assert broker.silent_seconds < 900
    consumer.close()


def test_a_delivery_that_arrives_as_another_begins_to_be_alone_is_requeued(
    settings, engine, monkeypatch
):
    feed = Feed(settings, engine)
    feed.publish(
        Lane.HEAVY,
        *[body_of(make_calculation(arguments={"n": n}, lane=Lane.HEAVY)) for n in range(2)],
    )
    slots = Slots(2)
    broker = make_broker(settings, Lane.HEAVY, SlotConsumer)
    consumer = SlotConsumer(broker, messages.queue_name(Lane.HEAVY), 1, 50, slots=slots)
    consumer._subscribe()

    def both_arrived() -> bool:
        consumer._connection.process_data_events(0.05)
        return len(consumer._arrived) == 2

    eventually(both_arrived)
    first = next(consumer)
    assert first is not None
    # The consumer thread was about to take the second as the first got the worker to itself.
    monkeypatch.setattr(consumer, "_subscribe", lambda: None)
    with slots.alone(lambda: False):
        assert next(consumer) is None
        eventually(lambda: feed.ready(Lane.HEAVY) == 1)
    consumer.ack(first)
    monkeypatch.undo()
    [second] = take(consumer, 1)
    consumer.ack(second)
    eventually(lambda: next(consumer) is None and slots.free == 2)
    consumer.close()
    assert feed.ready(Lane.HEAVY) == 0


def test_consumers_connect_to_the_nodes_in_random_order(monkeypatch):
    nodes = [f"amqp://node-{number}:5672" for number in range(3)]
    firsts = set()

    def connect(parameters):
        assert {node.host for node in parameters} == {"node-0", "node-1", "node-2"}
        firsts.add(parameters[0].host)
        raise AMQPConnectionError("unavailable")

    monkeypatch.setattr("workers.broker.consumer.BlockingConnection", connect)
    broker = LaneBroker(nodes, Lane.QUICK, LaneConsumer, name="a worker in a test")
    for _ in range(200):
        with pytest.raises(ConnectionClosed):
            broker.consume("reckoner.quick")
    assert firsts == {"node-0", "node-1", "node-2"}
