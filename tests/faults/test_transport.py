"""RabbitMQ that crashes, forgets everything, or loses single queues."""

import time

import pytest

from shared.calculation import Lane
from shared.crash_points import RELAY_BEFORE_MARK
from tests.eventually import eventually
from tests.faults.bounds import (
    BEAT,
    LOST_MESSAGE,
    NOTHING,
    RECONNECT,
    RENEWAL,
    restart,
    start,
    together,
)
from tests.faults.load import heavy_ones, long_ones, quick_ones, small_ones
from tests.faults.settings import PREFETCH

#: Of the quick lane. Heavy ones wait for room among those that are published.
OUTBOX = """
    SELECT count(*) FROM calculations
    WHERE status = 'queued' AND lane = 'quick' AND published_at IS NULL"""

#: Quick ones that wait with a message from before a moment, or without one.
OUTBOX_OR_OLDER = """SELECT count(*) FROM calculations
    WHERE status = 'queued' AND lane = 'quick' AND coalesce(published_at, '-infinity') < :moment"""


@pytest.mark.short
def test_a_relay_that_dies_between_publishing_and_marking_loses_nothing(stack, trial):
    stack.supervisor.restart("relay", crash_point=RELAY_BEFORE_MARK)
    relay = stack.program("relay")
    pid = relay.pid
    trial.fill()
    eventually(lambda: relay.pid != pid or not relay.is_running, within_seconds=60)
    trial.hit("SIGKILL of the relay between publish and mark", at_least_quick=1_000)
    trial.recovers(lambda: stack.scalar(OUTBOX) == 0, restart(stack.start_seconds))
    trial.end()


def test_rabbitmq_killed_and_restarted(stack, trial):
    trial.load.submit(long_ones(2, tenths=30))
    trial.fill()
    trial.hit("SIGKILL of RabbitMQ, and its restart", at_least_quick=1_000, at_least_heavy=10)
    stack.rabbitmq.kill()
    trial.load.submit(quick_ones(50))  # accepted during the outage
    stack.rabbitmq.start()
    stack.rabbitmq.wait_ready()
    trial.clock()
    trial.resumes(RECONNECT, held=PREFETCH)
    trial.end()


@pytest.mark.short
def test_rabbitmq_wiped_and_restarted_empty(stack, trial):
    trial.load.submit(long_ones(2, tenths=30))
    trial.fill()
    trial.hit("RabbitMQ comes back without any data", at_least_quick=1_000, at_least_heavy=10)
    stack.rabbitmq.lose_everything()
    trial.clock()
    trial.resumes(together(RECONNECT, LOST_MESSAGE), held=PREFETCH)
    trial.end()


def test_a_purged_queue_is_filled_again(stack, trial):
    stack.supervisor.stop("quick")
    trial.fill()
    eventually(lambda: stack.scalar(OUTBOX) == 0, within_seconds=30)
    trial.hit("the quick queue is purged", at_least_quick=1_000)
    assert stack.transport.purge(Lane.QUICK) >= 2_000 / 100
    purged_at = stack.scalar("SELECT clock_timestamp()")
    stack.supervisor.start("quick")
    trial.recovers(
        lambda: stack.scalar(OUTBOX_OR_OLDER, moment=purged_at) == 0,
        together(start(stack.start_seconds), LOST_MESSAGE, BEAT),
    )
    trial.end()


@pytest.mark.parametrize("lane", list(Lane))
def test_a_deleted_queue_is_declared_and_filled_again(stack, trial, lane):
    trial.fill()
    eventually(lambda: stack.transport.ready(lane) > 0, within_seconds=30)
    trial.hit(f"the {lane} queue is deleted")
    stack.transport.delete(lane)
    before = finished(trial, lane)
    left = stack.in_flight()[lane]
    # What workers hold already they finish: it has recovered when more than that is done.
    held = PREFETCH if lane is Lane.QUICK else 2
    trial.recovers(
        lambda: finished(trial, lane) > before + min(held, left - 1),
        together(RECONNECT, RENEWAL, LOST_MESSAGE),
    )
    trial.end()


def test_messages_that_come_twice_give_one_result(stack, trial):
    trial.fill()
    trial.hit("every message is published a second time", at_least_quick=1_000, at_least_heavy=10)
    before = stack.transport.ready(Lane.HEAVY)
    again = trial.load.messages()
    stack.transport.publish(again)
    assert stack.transport.ready(Lane.HEAVY) > before
    trial.clock()
    trial.resumes(NOTHING)
    trial.end()


def test_a_long_backlog_is_not_taken_for_lost(stack, trial):
    for name in ("quick", "heavy-1", "heavy-2"):
        stack.supervisor.stop(name)
    trial.load.submit(small_ones(20_000), heavy_ones(10))
    eventually(lambda: stack.scalar(OUTBOX) == 0, within_seconds=60)
    published = stack.scalar("SELECT max(published_at) FROM calculations")
    waiting = stack.transport.ready(Lane.QUICK)
    assert waiting >= 20_000 / 100
    trial.hit("20,000 wait, and no worker for longer than lost_message")
    time.sleep(3 * LOST_MESSAGE[0])  # this is the fault: time passes
    assert stack.scalar("SELECT max(published_at) FROM calculations") == published
    assert stack.transport.ready(Lane.QUICK) == waiting
    trial.clock()
    for name in ("quick", "heavy-1", "heavy-2"):
        stack.supervisor.start(name)
    trial.recovers(lambda: stack.in_flight()[Lane.QUICK] < 20_000, start(stack.start_seconds))
    trial.end()
    # The last messages, which a worker holds, seem lost: the queue is empty, and they are old.
    later = "SELECT count(*) FROM calculations WHERE lane = 'quick' AND published_at > :moment"
    assert stack.scalar(later, moment=published) <= PREFETCH


def finished(trial, lane: Lane) -> int:
    found: int = trial.stack.scalar(
        "SELECT count(*) FROM calculations WHERE finished_at IS NOT NULL AND lane = :lane",
        lane=str(lane),
    )
    return found
