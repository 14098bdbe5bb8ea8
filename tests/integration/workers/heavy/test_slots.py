"""Which messages a heavy worker takes: one for each free slot; and which it refuses."""

import dataclasses

import pytest

from shared.calculation import Lane, Status
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread, body_of
from tests.integration.workers.heavy.steps import cancel, make_heavy

pytestmark = pytest.mark.slow


def test_a_busy_worker_holds_no_message_that_another_could_run(feed, heavy_worker):
    running, *waiting = [make_heavy("hang", n) for n in range(3)]
    feed.submit(running)
    feed.wait_for(Status.RUNNING, running)
    eventually(lambda: feed.subscriptions(Lane.HEAVY) == 0)
    feed.submit(*waiting)
    assert feed.ready(Lane.HEAVY) == 2
    cancel(feed, running)
    eventually(lambda: feed.ready(Lane.HEAVY) == 1)


def test_all_slots_are_used(feed, settings):
    settings = dataclasses.replace(settings, heavy_slots=3)
    calculations = [make_heavy("hang", n) for n in range(4)]
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(*calculations)
        eventually(
            lambda: feed.scalar("SELECT count(*) FROM calculations WHERE status = 'running'") == 3
        )
        assert feed.ready(Lane.HEAVY) == 1


def test_messages_that_the_actor_refuses_cost_no_slot(feed, heavy_worker):
    calculation = make_heavy("whole")
    two = body_of(make_heavy("whole", 1), make_heavy("whole", 2))
    feed.insert(calculation)
    feed.publish(Lane.HEAVY, two, two, two, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.HEAVY) == 3)


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"queue_name": 1}'])
def test_an_invalid_message_becomes_a_dead_letter(feed, heavy_worker, body):
    calculation = make_heavy("whole")
    feed.insert(calculation)
    feed.publish(Lane.HEAVY, body, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.HEAVY) == 1)


def test_a_deleted_queue_disturbs_neither_what_runs_nor_what_follows(feed, hold, heavy_worker):
    calculation, following = make_heavy("wait_for_release"), make_heavy("whole")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.delete_queue(Lane.HEAVY)
    hold.release()
    feed.wait_for(Status.SUCCEEDED, calculation)
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation).attempt == 1
