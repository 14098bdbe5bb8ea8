"""The actors as someone who knows Dramatiq meets them."""

import subprocess
import sys

import pytest

from shared.errors import SendRefused
from shared.messages import actor_name, queue_name


def test_each_lane_has_one_actor_with_the_name_and_queue_of_the_message_contract(broker):
    [actor] = broker.actors.values()
    assert actor.actor_name == actor_name(broker.lane)
    assert actor.queue_name == queue_name(broker.lane)
    assert actor.fn.__name__ == actor.actor_name
    assert broker.get_declared_queues() == {actor.queue_name}
    assert broker.get_declared_delay_queues() == set()


@pytest.mark.parametrize("delay", [None, 1_000])
def test_a_message_sent_to_an_actor_is_refused_with_how_to_submit(broker, delay):
    [actor] = broker.actors.values()
    with pytest.raises(SendRefused, match="POST /calculations"):
        actor.send_with_options(kwargs={"n": 5}, delay=delay)
    with pytest.raises(SendRefused, match=actor.actor_name):
        actor.send(5)


def test_importing_the_workers_makes_no_broker_and_reads_no_settings():
    imports = (
        "import os; os.environ['RECKONER_NONSENSE'] = '1'\n"
        "import threading, workers.app, workers.__main__, workers.health\n"
        "from dramatiq import broker\n"
        "assert broker.global_broker is None\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", imports], check=True, timeout=60)
