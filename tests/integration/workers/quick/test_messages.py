"""Messages that a quick worker refuses, or leaves to the heavy lane."""

import dataclasses
import json

import pika
import pytest

from reckoner.canonical_json import canonical_json
from shared import messages
from shared.calculation import Lane, Status, Work, calculation_id
from shared.messages import queue_name
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.failing import make_unwritable
from tests.integration.lanes import WorkerThread, body_of
from tests.integration.listening import listening
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.quick.calculations import fibonacci


def message(**overrides) -> bytes:
    """Return a message that is right but for its work."""
    members = {
        "queue_name": "reckoner.quick",
        "actor_name": "calculate_quick",
        "args": [],
        "kwargs": {"work": {}},
        "options": {},
        "message_id": "1",
        "message_timestamp": 1,
    }
    return json.dumps({**members, **overrides}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"[1]",
        b'{"queue_name": 1}',
        message(),
        message(kwargs={"work": {"version": 1}}),
        message(queue_name="elsewhere"),
        message(actor_name="unheard-of"),
        message(args=[1]),
        message(options={"eta": 1}),
        message(options=7),
        message(kwargs=7),
        message(kwargs={"work": {}, "more": 1}),
    ],
)
def test_a_malformed_message_is_dead_lettered(feed, quick_worker, body):
    calculation = fibonacci(1_000)
    feed.insert(calculation)
    feed.publish(Lane.QUICK, body, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.QUICK) == 1)


def test_an_id_that_does_not_follow_from_the_arguments_is_dead_lettered(feed, quick_worker):
    message = json.loads(body_of(fibonacci(1_000)))
    message["kwargs"]["work"]["calculations"][0]["arguments_text"] = '{"n":1001}'
    feed.publish(Lane.QUICK, json.dumps(message).encode())
    eventually(lambda: feed.dead(Lane.QUICK) == 1)


UNFIT = [{"n": 400_000_000}, {"n": 10**10 + 1}, {"n": -1}, {"n": True}, {"n": "1"}, {"m": 1}, {}]


def forged(arguments) -> bytes:
    """Return a message whose id follows from its arguments, whatever they are."""
    function = make_calculation().function
    arguments_text = canonical_json(arguments)
    identity = calculation_id(function.name, function.version, arguments_text)
    return messages.encode(
        [Work(identity, function.name, function.version, arguments_text, None)], Lane.QUICK
    )


@pytest.mark.parametrize("arguments", UNFIT)
def test_arguments_that_the_gateway_would_refuse_are_dead_lettered_and_not_computed(
    feed, quick_worker, monkeypatch, arguments
):
    computed = []

    def compute(_calculator, function, arguments):
        computed.append(arguments)
        raise AssertionError(function.name)

    monkeypatch.setattr("shared.calculator.Calculator.compute", compute)
    feed.publish(Lane.QUICK, forged(arguments))
    eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert not computed


def test_a_calculation_beyond_the_memory_limit_is_dead_lettered(feed, settings, registry):
    tight = dataclasses.replace(settings, memory_limit_bytes=2**20)
    feed.publish(Lane.QUICK, forged({"n": 1_000}))
    with WorkerThread(tight, Lane.QUICK, registry):
        eventually(lambda: feed.dead(Lane.QUICK) == 1)


@pytest.mark.slow
def test_a_calculation_beyond_its_workers_settings_goes_to_the_heavy_lane(feed, settings, registry):
    """A gateway with other settings has sent it: its row must not come back again and again."""
    beyond, good = fibonacci(1_400_000), fibonacci(1_000)
    feed.insert(beyond, good)
    feed.publish(Lane.QUICK, body_of(beyond, good))
    narrow = dataclasses.replace(settings, quick_seconds=0.001)
    with WorkerThread(narrow, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, good)
        eventually(lambda: feed.dead(Lane.QUICK) == 1)
    row = feed.row(beyond)
    assert (row.status, row.lane) == ("queued", "heavy")
    assert feed.scalar("SELECT count(*) FROM calculations WHERE published_at IS NULL") == 1


def test_a_calculation_not_moved_to_the_heavy_lane_by_the_end_is_redelivered(
    feed, settings, registry
):
    beyond = fibonacci(1_400_000)
    feed.insert(beyond)
    make_unwritable(feed.engine, "53100")
    feed.publish(Lane.QUICK, body_of(beyond))
    narrow = dataclasses.replace(settings, quick_seconds=0.001)
    with WorkerThread(narrow, Lane.QUICK, registry):
        eventually(lambda: feed.ready(Lane.QUICK) == 0)
    eventually(lambda: feed.ready(Lane.QUICK) == 1)
    assert feed.dead(Lane.QUICK) == 0
    assert feed.row(beyond).lane == "quick"


def test_a_calculation_that_goes_to_the_heavy_lane_wakes_the_relay(feed, settings, registry):
    beyond = fibonacci(1_400_000)
    feed.submit(beyond)
    narrow = dataclasses.replace(settings, quick_seconds=0.001)
    with listening(settings) as heard, WorkerThread(narrow, Lane.QUICK, registry):
        eventually(lambda: heard.outbox() == ["heavy"])


@pytest.mark.slow
def test_no_log_line_repeats_all_arguments_of_a_message(feed, settings, tmp_path):
    log = tmp_path / "log"
    refused = json.loads(body_of(fibonacci(1_000)))
    refused["kwargs"]["work"]["calculations"][0]["arguments"] = {"n": "9" * 1_000_000}
    feed.publish(Lane.QUICK, json.dumps(refused).encode(), forged({"n": "8" * 1_000_000}))
    with WorkerProcess(settings, Lane.QUICK, log):
        eventually(lambda: feed.dead(Lane.QUICK) == 2)
        eventually(lambda: log.read_text().count("Refused a message") == 2)
    assert max(map(len, log.read_text().splitlines())) < 2_000


@pytest.mark.slow
def test_a_message_that_was_redelivered_too_often_goes_to_the_heavy_lane(feed, settings, registry):
    """RabbitMQ counts the deliveries that came back without an answer."""
    suspects = [fibonacci(1_000), fibonacci(2_000)]
    feed.insert(*suspects)
    feed.publish(Lane.QUICK, body_of(*suspects))
    for _ in range(settings.max_attempts):
        give_back(settings)
    with WorkerThread(settings, Lane.QUICK, registry):
        eventually(lambda: [feed.row(one).lane for one in suspects] == ["heavy", "heavy"])
        eventually(lambda: feed.ready(Lane.QUICK) == 0)
    unpublished = "SELECT count(*) FROM calculations WHERE published_at IS NULL"
    assert feed.scalar(unpublished) == 2
    assert [feed.status(one) for one in suspects] == [Status.QUEUED] * 2


def give_back(settings):
    """Take a message as a worker does that dies."""
    connection = pika.BlockingConnection(pika.URLParameters(settings.amqp_urls[0]))
    channel = connection.channel()

    def got():
        return channel.basic_get(queue_name(Lane.QUICK))[0] is not None

    eventually(got)
    connection.close()
