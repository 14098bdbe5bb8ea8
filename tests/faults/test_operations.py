"""What operators do and set: rolling restarts, and time limits of RabbitMQ's."""

import time
from functools import partial

from tests.eventually import eventually
from tests.faults.load import long_ones, quick_ones
from tests.faults.settings import LEASE_SECONDS
from tests.faults.stack import HEAVY, PROGRAMS

_CONSUMER_TIMEOUT_MILLISECONDS = 2_000
_RUN_SECONDS = 15.0
_SILENT_QUEUE = "tests.silence"


def test_a_rolling_restart_loses_nothing_and_delays_nothing_by_a_lease(stack, trial):
    """SIGTERM to each process in turn, and its successor, while work comes in and is done."""
    running = trial.load.submit(long_ones(2, tenths=200))
    trial.fill()
    held = {name: trial.claimed_by(name, among=running) for name in HEAVY}
    trial.hit("rolling restart: SIGTERM to every process in turn", at_least_heavy=10)
    slowest = 0.0
    for name in reversed(PROGRAMS):
        began = time.monotonic()
        stack.supervisor.restart(name)
        if name in held:
            eventually(partial(trial.is_back, held[name], 1), within_seconds=LEASE_SECONDS)
            slowest = max(slowest, time.monotonic() - began)
        trial.load.submit(quick_ones(50))
    stack.wait_ready()
    # Nothing waited for a lease to run out: each claim that ended was handed back by its worker.
    lost = stack.scalar(
        """SELECT count(*) FROM calculations, jsonb_array_elements(history) AS entry
           WHERE entry ->> 'outcome' = 'lost' AND id = ANY (CAST(:ids AS uuid[]))""",
        ids=[str(identity) for identity in trial.load.accepted],
    )
    assert lost == 0
    trial.measured(slowest, (1.0, "handed back at once, and the process replaced"))
    trial.end()


def test_rabbitmqs_consumer_timeout_does_not_touch_a_long_calculation(stack, trial):
    """RabbitMQ closes the channel of a consumer that holds a message for too long."""
    stack.transport.set_parameter("consumer_timeout", _CONSUMER_TIMEOUT_MILLISECONDS)
    for name in ("heavy-1", "heavy-2"):
        stack.supervisor.restart(name)
    stack.wait_ready()
    assert is_closed_for_silence(stack)  # or the parameter would have no effect
    [long] = trial.load.submit(long_ones(1, tenths=int(10 * _RUN_SECONDS)))
    trial.fill(quick=1_200)
    trial.hit("consumer_timeout of 2 s, and a calculation of 15 s", at_least_heavy=11)
    trial.recovers(lambda: trial.is_final(long), (2 * _RUN_SECONDS, "its run, and one before it"))
    assert trial.attempt(long) == 1
    stack.transport.set_parameter("consumer_timeout", 1_800_000)
    with stack.transport.channel() as channel:
        channel.queue_delete(_SILENT_QUEUE)
    trial.end()


def is_closed_for_silence(stack) -> bool:
    """Consume without acknowledging; return whether RabbitMQ closes the channel."""
    with stack.transport.channel() as channel:
        arguments = {"x-queue-type": "quorum"}
        channel.queue_declare(_SILENT_QUEUE, durable=True, arguments=arguments)
        channel.basic_publish("", _SILENT_QUEUE, b"a message")
        channel.basic_consume(_SILENT_QUEUE, lambda *_: None)
        give_up = time.monotonic() + 30
        while channel.is_open and time.monotonic() < give_up:
            channel.connection.process_data_events(time_limit=1)
        return not channel.is_open
