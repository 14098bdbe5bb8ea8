"""`reckoner doctor` on RabbitMQ: nodes, queues, alarms, dead letters."""

from functools import partial
from urllib.parse import urlsplit

import pika
import pytest

from reckoner.cli.operating.doctor.rabbitmq import check_nodes
from shared.calculation import Lane
from shared.messages import dead_letter_queue_name, queue_name
from tests.integration.cli.doctor.conftest import levels, only
from tests.integration.queues import declare_queues, open_channel


@pytest.fixture
def examine(examine, broker_url):
    return partial(examine, broker_url=broker_url)


@pytest.fixture
def channel(broker_url):
    with open_channel(broker_url) as channel:
        yield channel


@pytest.fixture
def queues(settings):
    declare_queues(settings)


def test_queues_as_they_should_be_have_no_fault(examine, queues):
    found = examine(check_nodes)
    assert levels(found) == {"ok", "note"}
    assert "The queue reckoner.quick has 0 message(s) and 0 consumer(s)." in only(found, "ok")


def test_it_makes_no_queue(examine, channel):
    found = only(examine(check_nodes), "warning")
    assert [words.partition(" yet")[0] for words in found] == [
        "There is no queue reckoner.quick",
        "There is no queue reckoner.heavy",
    ]
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="404"):
        channel.queue_declare(queue_name(Lane.QUICK), passive=True)


def test_a_node_that_cannot_be_reached_is_named_and_the_others_are_checked(
    examine, broker_url, queues
):
    found = examine(check_nodes, broker_url=f"amqp://127.0.0.1:1/%2F;{broker_url}")
    (fault,) = only(found, "fault")
    assert "RabbitMQ at 127.0.0.1:1 cannot be reached" in fault
    assert any("reckoner.quick has" in words for words in only(found, "ok"))


def test_a_refused_login_does_not_show_the_password(examine, broker_url):
    url = broker_url.replace(str(urlsplit(broker_url).password), "hunter2")
    (fault,) = only(examine(check_nodes, broker_url=url), "fault")
    assert "refused the login of 'reckoner'" in fault
    assert "hunter2" not in fault


def test_a_queue_of_another_type_is_a_fault(examine, channel):
    channel.queue_declare(queue_name(Lane.HEAVY), durable=True)
    (fault,) = only(examine(check_nodes), "fault")
    assert "has a queue of another type or with other arguments" in fault


def test_dead_letters_and_messages_that_nobody_consumes_are_found(examine, queues, channel):
    channel.confirm_delivery()
    for name in (dead_letter_queue_name(Lane.HEAVY), queue_name(Lane.QUICK)):
        channel.basic_publish("", name, b"message")
    found = examine(check_nodes)
    assert any("1 message(s) that workers refused" in words for words in only(found, "warning"))
    (fault,) = only(found, "fault")
    assert "Nobody consumes reckoner.quick, where 1 message(s) wait." in fault


@pytest.mark.slow
def test_an_alarm_is_found(examine, rabbitmq, queues):
    rabbitmq.control("set_disk_free_limit", "9000GB")
    try:
        found = only(examine(check_nodes), "fault")
    finally:
        rabbitmq.control("set_disk_free_limit", "1MB")
    assert len(found) == 1
    assert "has a disk alarm and takes no messages" in found[0]
