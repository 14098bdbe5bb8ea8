"""`reckoner redrive`."""

import json
import os
import socket
import subprocess
import sys

import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import NackError

from reckoner.cli.operating import redrive
from shared.calculation import Lane, Status
from shared.errors import BrokerUnavailable
from shared.functions.registry import Registry
from shared.messages import dead_letter_queue_name, queue_name
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread, body_of
from tests.integration.queue_limits import queue_limit
from tests.integration.queues import count_messages, declare_queues, open_channel

_RECKONER = "from reckoner.cli.__main__ import main; main()"


@pytest.fixture
def channel(settings, broker_url):
    declare_queues(settings)
    with open_channel(broker_url) as channel:
        channel.confirm_delivery()
        yield channel


def run(settings, *, show, lane=None):
    redrive.redrive(settings, [lane] if lane else list(Lane), is_shown=show)


def command(broker_url, *arguments):
    """Run the command as an operator does."""
    return subprocess.run(
        [sys.executable, "-c", _RECKONER, "redrive", *arguments],
        env=os.environ | {"RECKONER_BROKER_URL": broker_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_refused_messages_are_shown_and_stay(settings, channel, capsys):
    channel.basic_publish("", dead_letter_queue_name(Lane.QUICK), b"rubbish \xff")
    for _ in range(2):
        # RabbitMQ puts back what was shown after the channel is closed.
        eventually(lambda: count_messages(channel, dead_letter_queue_name(Lane.QUICK)) == 1)
        run(settings, show=True)
        shown, words = capsys.readouterr()
        assert [json.loads(line)["body"] for line in shown.splitlines()] == ["rubbish \ufffd"]
        assert "1 message(s) in reckoner.quick.dead" in words.splitlines()


def as_version_2(body: bytes) -> bytes:
    """Return a message as relays of the version before published it."""
    message = json.loads(body)
    work = message["kwargs"]["work"]
    work["version"] = 2
    for item in work["calculations"]:
        item["arguments"] = json.loads(item.pop("arguments_text"))
    return json.dumps(message).encode()


def test_what_is_put_back_is_computed_or_handed_back(settings, engine, channel, registry):
    """Refused by a worker of another version; another worker has the function, or none."""
    feed = Feed(settings, engine)
    made = [make_calculation(arguments={"n": n}) for n in (1_000, 2_000)]
    feed.insert(*made)
    dead_letters = dead_letter_queue_name(Lane.QUICK)
    for body in (body_of(made[0]), as_version_2(body_of(made[1]))):
        channel.basic_publish("", dead_letters, body)
    run(settings, show=False)
    handed_back = "SELECT count(*) FROM handed_back JOIN calculations ON id = calculation_id"
    with WorkerThread(settings, Lane.QUICK, Registry([])):
        eventually(lambda: feed.scalar(f"{handed_back} WHERE status = 'queued'") == 2)
    for body in (body_of(made[0]), as_version_2(body_of(made[1]))):
        channel.basic_publish("", dead_letters, body)
    run(settings, show=False)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *made)
    assert feed.dead(Lane.QUICK) == 0


def is_disconnected(rabbitmq, broker_url):
    """Return whether only the test is connected: what the command did not acknowledge returns."""
    vhost = broker_url.rpartition("/")[2]
    return rabbitmq.control("-q", "list_connections", "vhost").splitlines().count(vhost) == 1


@pytest.mark.slow
def test_refused_messages_are_put_back(settings, channel, rabbitmq, broker_url):
    for body in (b"one", b"two"):
        channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), body)
    run(settings, show=False, lane=Lane.HEAVY)
    eventually(lambda: is_disconnected(rabbitmq, broker_url))
    assert count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == 0
    bodies = [channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True)[2] for _ in range(2)]
    assert bodies == [b"one", b"two"]


def test_messages_are_put_back_although_their_queue_was_deleted(settings, channel):
    channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), b"one")
    channel.queue_delete(queue_name(Lane.HEAVY))
    run(settings, show=False, lane=Lane.HEAVY)
    assert channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True)[2] == b"one"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "amqp://user:secret@no-such-host.invalid/%2F",
            "no-such-host.invalid:5672 cannot be reached",
        ),
        ("amqp://a:b@127.0.0.1:1/%2F", "127.0.0.1:1 cannot be reached: Connection refused"),
    ],
)
def test_a_host_that_cannot_be_reached_is_reported_in_one_line(address, words):
    done = command(address)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_rabbitmq_that_does_not_answer_is_reported_in_one_line():
    """A frozen one: the kernel takes connections for it."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        done = command(f"amqp://127.0.0.1:{frozen.getsockname()[1]}/%2F?stack_timeout=1")
    assert done.returncode == 1
    assert "Timeout during AMQP handshake" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_refused_login_is_reported_in_one_line(broker_url, rabbitmq):
    done = command(broker_url.replace(rabbitmq.password, "wrong"))
    assert done.returncode == 1
    assert "refused the login" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_dead_letters_stay_while_their_queue_is_of_another_type(settings, channel, broker_url):
    channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), b"one")
    channel.queue_delete(queue_name(Lane.HEAVY))
    channel.queue_declare(queue_name(Lane.HEAVY), durable=True)
    done = command(broker_url, "heavy")
    assert done.returncode == 1
    assert "another type" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == 1


def test_what_a_queue_refuses_stays_a_dead_letter(settings, channel, rabbitmq, broker_url):
    bodies = [b"one", b"two", b"three"]
    for body in bodies:
        channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), body)
    with queue_limit(rabbitmq, broker_url, Lane.HEAVY) as lift:

        def is_full():
            try:
                channel.basic_publish("", queue_name(Lane.HEAVY), b"in the way")
            except NackError:
                return True
            return False

        eventually(is_full)
        before = count_messages(channel, queue_name(Lane.HEAVY))
        with pytest.raises(BrokerUnavailable, match="refused"):
            run(settings, show=False)
        eventually(
            lambda: count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == len(bodies)
        )
        assert count_messages(channel, queue_name(Lane.HEAVY)) == before
        lift()
    channel.queue_purge(queue_name(Lane.HEAVY))
    eventually(lambda: is_put_back(settings))
    assert count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == 0
    found = [channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True)[2] for _ in bodies]
    assert found == bodies


def is_put_back(settings):
    try:
        run(settings, show=False)
    except BrokerUnavailable:  # a channel learns late of the end of a limit
        return False
    return True


def test_no_dead_letter_is_removed_before_its_copy_is_confirmed(settings, channel, monkeypatch):
    for body in (b"one", b"two"):
        channel.basic_publish("", dead_letter_queue_name(Lane.QUICK), body)
    monkeypatch.setattr(BlockingChannel, "basic_publish", not_twice(BlockingChannel.basic_publish))
    with pytest.raises(OSError, match="power"):
        run(settings, show=False, lane=Lane.QUICK)
    monkeypatch.undo()
    eventually(lambda: count_messages(channel, dead_letter_queue_name(Lane.QUICK)) == 1)
    assert count_messages(channel, queue_name(Lane.QUICK)) == 1  # each is in one of the two


def not_twice(publish):
    """Return what publishes once and then fails as a process does that is ended."""
    published: list[object] = []

    def publish_once(channel, *arguments, **options):
        if published:
            raise OSError("no power")
        published.append(arguments)
        publish(channel, *arguments, **options)

    return publish_once
