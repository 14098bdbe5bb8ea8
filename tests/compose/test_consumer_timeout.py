"""RabbitMQ's delivery acknowledgement timeout, in the version that the production shape runs."""

from uuid import uuid4

import pytest

from tests.compose.conftest import Deployment
from tests.eventually import eventually

pytestmark = pytest.mark.timeout(600)

_TIMEOUT_SECONDS = 2.0

#: Computes for several times the timeout.
_LONG_N = 1_000_000_000

_SILENT = """
import time
import pika
from shared.config import load_settings

connection = pika.BlockingConnection(pika.URLParameters(load_settings().amqp_urls[0]))
channel = connection.channel()
channel.queue_declare("reckoner.silence", durable=True, arguments={"x-queue-type": "quorum"})
channel.basic_publish("", "reckoner.silence", b"a message")
channel.basic_consume("reckoner.silence", lambda *_: None)
give_up = time.monotonic() + 90
while channel.is_open and time.monotonic() < give_up:
    connection.process_data_events(time_limit=1)
print("open" if channel.is_open else "closed")
connection.channel().queue_delete("reckoner.silence")
"""


@pytest.fixture
def impatient(changing: Deployment):
    """Make RabbitMQ close channels that hold a message for two seconds, checked every second."""
    changing.up()  # whatever state earlier tests have left
    for name, milliseconds in (
        ("consumer_timeout", int(1000 * _TIMEOUT_SECONDS)),
        ("channel_tick_interval", 1000),
    ):
        evaluate(changing, f"application:set_env(rabbit, {name}, {milliseconds}).")
    changing.compose("restart", "heavy")  # a channel reads its interval when it opens
    yield changing
    changing.compose("restart", "rabbitmq")
    changing.up()


def evaluate(deployment: Deployment, expression: str) -> str:
    return deployment.compose("exec", "-T", "rabbitmq", "rabbitmqctl", "eval", expression)


def test_a_long_calculation_runs_once(impatient, client):
    assert is_closed_for_silence(impatient)  # or the timeout would have no effect
    arguments = {"n": _LONG_N + uuid4().int % 1_000}
    submitted = client.post("/calculations", json={"function": "fibonacci", "arguments": arguments})
    assert submitted.status_code == 202
    path = submitted.headers["Location"]

    def finished():
        document = client.get(path).json()
        return document if document["finished_at"] else None

    document = eventually(finished, within_seconds=180)
    assert document["status"] == "succeeded"
    assert document["compute_seconds"] > 2 * _TIMEOUT_SECONDS
    assert [attempt["outcome"] for attempt in document["history"]] == ["succeeded"]


def is_closed_for_silence(deployment: Deployment) -> bool:
    """Consume without acknowledging, and return whether RabbitMQ closes the channel.

    It runs in the relay's container, which reaches RabbitMQ and has a client for it.
    """
    said = deployment.compose("exec", "-T", "relay", "python", "-c", _SILENT, timeout=120)
    return said.split()[-1] == "closed"
