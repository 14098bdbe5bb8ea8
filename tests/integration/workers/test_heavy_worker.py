"""The heavy lane: claims, children, cancels, and workers that stop or vanish."""

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import gmpy2
import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from shared.store.leases import claim_calculation
from shared.store.models import CHUNK_DIGITS
from tests.child_with_test_functions import COMMAND
from tests.children import children_of, is_limited
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.faults.functions import install_test_functions
from tests.integration.failing import make_unwritable
from tests.integration.lanes import (
    Feed,
    WorkerProcess,
    WorkerThread,
    body_of,
    calculating_children_of,
    make_test_calculation,
)
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.descendants import descendants_of
from workers.sandbox.spares import SpareChildren


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture
def heavy_worker(settings):
    with WorkerThread(settings, Lane.HEAVY) as worker:
        yield worker


def misbehaving(name, n=10):
    return make_test_calculation(name, n, Lane.HEAVY)


def cancel(feed, calculation) -> None:
    with feed.engine.begin() as connection:
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)


@pytest.mark.parametrize("n", [1, 8_192, 8_193, CHUNK_DIGITS, 2 * CHUNK_DIGITS + 1])
def test_a_result_is_stored_whole_and_once(feed, heavy_worker, n):
    calculation = misbehaving("repeat", n)
    feed.submit(calculation)
    feed.publish(Lane.HEAVY, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    row = feed.row(calculation)
    assert feed.digits(calculation) == "7" * n
    assert (row.attempt, row.progress, row.result_digits) == (1, 1, n)
    assert row.compute_seconds < 10
    eventually(lambda: feed.ready(Lane.HEAVY) == 0)
    eventually(lambda: heavy_worker.holds_nothing)  # or it would never give up, out of work
    heavy_worker.stop()
    assert feed.ready(Lane.HEAVY) == 0
    assert feed.row(calculation) == row
    assert feed.scalar("SELECT count(*) FROM result_chunks") == (
        0 if n <= 8_192 else -(-n // CHUNK_DIGITS)
    )


def test_a_real_function_runs_in_a_real_worker(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 3_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        feed.wait_for(Status.SUCCEEDED, calculation)
        eventually(lambda: len(children_of(worker.pid)) == 1, what="a process for the next one")
    assert feed.digits(calculation) == gmpy2.fib(3_000_000).digits()


def test_a_busy_worker_holds_no_message_that_another_could_run(feed, heavy_worker):
    running, *waiting = [misbehaving("hang", n) for n in range(3)]
    feed.submit(running)
    feed.wait_for(Status.RUNNING, running)
    feed.submit(*waiting)
    time.sleep(0.5)  # longer than the consumer sleeps
    assert feed.ready(Lane.HEAVY) == 2
    cancel(feed, running)
    eventually(lambda: feed.ready(Lane.HEAVY) == 1)


def test_all_slots_are_used(feed, database_url, broker_url):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "heavy_slots": 3}
    )
    calculations = [misbehaving("hang", n) for n in range(4)]
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(*calculations)
        eventually(
            lambda: feed.scalar("SELECT count(*) FROM calculations WHERE status = 'running'") == 3
        )
        assert feed.ready(Lane.HEAVY) == 1


@pytest.mark.parametrize("name", ["hang", "multiply"])
def test_a_cancel_ends_a_running_calculation_within_two_seconds(feed, heavy_worker, name):
    calculation = misbehaving(name)
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress > 0)
    began = time.monotonic()
    cancel(feed, calculation)
    feed.wait_for(Status.CANCELLED, calculation)
    assert time.monotonic() - began < 2
    following = misbehaving("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following, seconds=5)


def test_a_cancel_that_was_withdrawn_in_time_hands_the_calculation_back(feed, settings):
    calculation = misbehaving("hang")
    feed.insert(calculation)
    worker_id = uuid4()
    with feed.engine.begin() as connection:
        claim = claim_calculation(connection, calculation.id, worker_id=worker_id, lease_seconds=60)
    assert claim is not None
    lease = Lease(claim, time.monotonic() + 60)
    lease.end_as(End.CANCELLED)  # the heartbeat saw it; a new submission has taken it back since
    Attempt(lease, settings, feed.engine, worker_id, SpareChildren(COMMAND)).run()
    assert feed.status(calculation) is Status.QUEUED
    assert feed.scalar("SELECT attempt - attempt_base FROM calculations") == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fail", "function-failed"),
        ("wrong", "result-wrong"),
        ("leave", "process-died"),
        ("hog_in_gmp", "memory-limit"),
        ("fibonacci", "function-gone"),
    ],
)
def test_a_failure_has_a_reason_and_does_not_come_again(feed, heavy_worker, name, reason):
    # The child of these tests knows only their own functions.
    unheard_of = make_calculation(lane=Lane.HEAVY)
    calculation = unheard_of if name == "fibonacci" else misbehaving(name)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    row = feed.row(calculation)
    assert row.error["type"] == f"urn:reckoner:problem:{reason}"
    assert row.attempt == 1
    assert feed.ready(Lane.HEAVY) == 0


def publish_once_due(feed, calculation) -> None:
    """Do the relay's part for one that is queued again."""
    due = "UPDATE calculations SET published_at = now() WHERE id = :id AND not_before <= now()"
    eventually(lambda: feed.execute(f"{due} AND status = 'queued'", id=calculation.id))
    feed.publish(Lane.HEAVY, body_of(calculation))


def outcomes(feed, calculation) -> list[str]:
    return [entry["outcome"] for entry in feed.row(calculation).history]


def kill_child(feed, worker, calculation) -> None:
    """Kill its process as soon as it computes."""
    before = len(outcomes(feed, calculation))
    child = eventually(lambda: calculating_children_of(worker))[0]
    os.kill(child, signal.SIGKILL)
    eventually(lambda: len(outcomes(feed, calculation)) > before)


def test_a_killed_child_costs_one_attempt(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 50_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        kill_child(feed, worker, calculation)
        row = feed.row(calculation)
        assert (row.status, outcomes(feed, calculation)) == ("queued", ["killed"])
        assert feed.scalar("SELECT not_before > now() FROM calculations")  # a pause of a second
        publish_once_due(feed, calculation)
        feed.wait_for(Status.SUCCEEDED, calculation)
    assert outcomes(feed, calculation) == ["killed", "succeeded"]


def test_a_calculation_whose_child_is_killed_each_time_fails(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        for attempt in range(settings.max_attempts):
            if attempt:
                publish_once_due(feed, calculation)
            kill_child(feed, worker, calculation)
    error = feed.row(calculation).error
    assert feed.status(calculation) is Status.FAILED
    assert error["type"] == "urn:reckoner:problem:process-died"
    assert "SIGKILL" in error["detail"]
    assert "3 times" in error["detail"]
    assert outcomes(feed, calculation) == ["killed", "killed", error["type"]]


@pytest.mark.parametrize("name", ["crash", "abort"])
def test_a_crash_is_tried_once_more(feed, heavy_worker, name, monkeypatch):
    monkeypatch.setattr("workers.heavy.attempt.RETRY_BACKOFF_SECONDS", 0.1)
    calculation = misbehaving(name)
    feed.submit(calculation)
    eventually(lambda: outcomes(feed, calculation))
    publish_once_due(feed, calculation)
    feed.wait_for(Status.FAILED, calculation)
    died = "urn:reckoner:problem:process-died"
    assert outcomes(feed, calculation) == ["crashed", died]
    assert feed.row(calculation).error["type"] == died


@pytest.fixture
def oom_kills(monkeypatch) -> Counter[str]:
    """The kernel's count of processes that it killed when memory ran out."""
    count: Counter[str] = Counter()
    monkeypatch.setattr("workers.sandbox.process.count_oom_kills", lambda: count["kills"])
    monkeypatch.setattr("workers.heavy.attempt.RETRY_BACKOFF_SECONDS", 0.1)
    return count


def end_for_want_of_memory(feed, calculation, oom_kills) -> None:
    """Do what the kernel does to the one that runs, and count it."""
    before = len(outcomes(feed, calculation))
    eventually(lambda: feed.row(calculation).progress > 0)
    oom_kills["kills"] += 1
    os.kill(calculating_children()[0], signal.SIGKILL)
    eventually(lambda: len(outcomes(feed, calculation)) > before)


def calculating_children() -> list[int]:
    """Return the ids of this process's children that have had their request."""
    return [child for child in children_of(os.getpid()) if is_limited(child)]


def test_a_second_end_for_want_of_memory_fails_with_words_about_memory(
    feed, heavy_worker, oom_kills
):
    calculation = misbehaving("hang")
    feed.submit(calculation)
    end_for_want_of_memory(feed, calculation, oom_kills)
    assert outcomes(feed, calculation) == ["out-of-memory"]
    publish_once_due(feed, calculation)
    end_for_want_of_memory(feed, calculation, oom_kills)
    error = feed.row(calculation).error
    assert outcomes(feed, calculation) == ["out-of-memory", error["type"]]
    assert error["type"] == "urn:reckoner:problem:memory-limit"
    assert "alone in its worker" in error["detail"]


def test_after_memory_ran_out_a_calculation_has_its_worker_to_itself(
    feed, database_url, broker_url, oom_kills
):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "heavy_slots": 3}
    )
    large, beside, after = misbehaving("hang", 1), misbehaving("slow", 30), misbehaving("whole")
    with WorkerThread(settings, Lane.HEAVY) as worker:
        feed.submit(large)
        end_for_want_of_memory(feed, large, oom_kills)
        feed.submit(beside)
        feed.wait_for(Status.RUNNING, beside)
        publish_once_due(feed, large)
        feed.wait_for(Status.RUNNING, large)
        # From then on it subscribes no more, though one slot is unused; what it had goes soon.
        eventually(lambda: worker.free_slots == 0)
        eventually(lambda: feed.subscriptions(Lane.HEAVY) == 0)
        feed.submit(after)
        eventually(lambda: feed.row(large).progress > 0)
        # It has begun when what ran had ended, and before what came later.
        assert feed.status(beside) is Status.SUCCEEDED
        assert feed.status(after) is Status.QUEUED
        assert feed.ready(Lane.HEAVY) == 1
        cancel(feed, large)
        feed.wait_for(Status.SUCCEEDED, after)


def test_one_that_waits_to_be_alone_can_be_cancelled(feed, database_url, broker_url, oom_kills):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "heavy_slots": 2}
    )
    large, beside, after = misbehaving("hang", 1), misbehaving("hang", 2), misbehaving("whole")
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(large)
        end_for_want_of_memory(feed, large, oom_kills)
        feed.submit(beside)
        feed.wait_for(Status.RUNNING, beside)
        publish_once_due(feed, large)
        feed.wait_for(Status.RUNNING, large)
        cancel(feed, large)
        feed.wait_for(Status.CANCELLED, large, seconds=5)
        feed.submit(after)
        feed.wait_for(Status.SUCCEEDED, after, seconds=10)


def test_a_partial_result_leaves_no_chunks(feed, database_url, broker_url):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "time_limit_seconds": 5}
    )
    calculation = misbehaving("begin", 20 * CHUNK_DIGITS)
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(calculation)
        eventually(lambda: feed.scalar("SELECT count(*) FROM result_chunks"))
        feed.wait_for(Status.FAILED, calculation)
    assert feed.scalar("SELECT count(*) FROM result_chunks") == 0


def test_what_a_function_hides_from_its_group_ends_with_a_cancel(
    feed, settings, tmp_path, monkeypatch
):
    install_test_functions(tmp_path / "functions")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "functions"))
    calculation = misbehaving("daemonize", 2)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        hidden = eventually(lambda: sleepers_below(worker.pid))
        cancel(feed, calculation)
        feed.wait_for(Status.CANCELLED, calculation)
        assert not [pid for pid in hidden if Path(f"/proc/{pid}").exists()]


def sleepers_below(pid: int) -> list[int]:
    """Return those of a process's descendants that sleep."""
    found = []
    for descendant in descendants_of(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"sleep" in Path(f"/proc/{descendant}/cmdline").read_bytes():
                found.append(descendant)
    return found


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_worker_hands_its_work_back_at_once(feed, settings, tmp_path, told_by):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        child = eventually(lambda: calculating_children_of(worker))[0]
        began = time.monotonic()
        worker.send_signal(told_by)
        assert worker.wait(10) == 0
        assert time.monotonic() - began < 2
    assert not Path(f"/proc/{child}").exists()
    assert feed.status(calculation) is Status.QUEUED
    released = "attempt = attempt_base AND published_at IS NULL AND not_before <= now()"
    assert feed.scalar(f"SELECT count(*) FROM calculations WHERE {released}") == 1
    assert feed.scalar("SELECT count(*) FROM workers") == 0
    assert feed.ready(Lane.HEAVY) == 0


def test_a_second_signal_ends_a_worker_at_once(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        eventually(lambda: calculating_children_of(worker))
        with feed.engine.begin() as connection:
            # So that it cannot hand its claim back.
            connection.exec_driver_sql("LOCK calculations")
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(1) == 128 + signal.SIGTERM


def test_a_worker_without_its_lease_stops_and_writes_nothing(feed, heavy_worker):
    calculation = misbehaving("hang")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.execute("UPDATE calculations SET attempt = attempt + 1, worker_id = gen_random_uuid()")
    taken = feed.row(calculation)
    following = misbehaving("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation) == taken


def test_a_lease_that_cannot_be_renewed_is_taken_for_lost(feed, database_url, broker_url):
    settings = load_settings(
        {
            "database_url": database_url,
            "broker_url": broker_url,
            "lease_seconds": 1.5,
            "heartbeat_seconds": 0.2,
            "heavy_slots": 1,
        }
    )
    calculation, following = misbehaving("hang"), misbehaving("whole")
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(calculation)
        feed.wait_for(Status.RUNNING, calculation)
        with feed.engine.begin() as connection:
            connection.exec_driver_sql("LOCK calculations")  # the heartbeat waits
            time.sleep(2.5)
        feed.submit(following)
        feed.wait_for(Status.SUCCEEDED, following)
        assert feed.status(calculation) in (Status.RUNNING, Status.QUEUED)


def test_broken_connections_to_postgresql_are_outlived(feed, heavy_worker):
    calculation = misbehaving("slow", 20)
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    for _ in range(8):
        feed.scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'worker in a test'"
        )
        time.sleep(0.25)
    feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.row(calculation).attempt == 1


def test_a_lost_queue_disturbs_neither_what_runs_nor_what_follows(feed, heavy_worker):
    calculation, following = misbehaving("slow", 20), misbehaving("whole")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.delete_queue(Lane.HEAVY)
    feed.wait_for(Status.SUCCEEDED, calculation)
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation).attempt == 1


def test_a_claim_is_committed_before_its_message_is_acknowledged(feed, settings, tmp_path):
    calculation = misbehaving("whole")
    feed.submit(calculation)
    with feed.engine.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM calculations WHERE id = :id FOR UPDATE"), {"id": calculation.id}
        )
        with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
            eventually(lambda: waits_for_a_lock(feed))
            assert feed.ready(Lane.HEAVY) == 0
            worker.kill()
            eventually(lambda: feed.ready(Lane.HEAVY) == 1)


def waits_for_a_lock(feed) -> bool:
    return bool(
        feed.scalar(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def test_a_claim_that_cannot_be_written_leaves_its_message_to_others(feed, settings):
    calculation = misbehaving("whole")
    make_unwritable(feed.engine, "53100")
    feed.submit(calculation)
    with WorkerThread(settings, Lane.HEAVY):
        eventually(lambda: feed.ready(Lane.HEAVY) == 0)  # it has taken the message
    eventually(lambda: feed.ready(Lane.HEAVY) == 1)
    assert feed.row(calculation).attempt == 0


def test_messages_that_its_actor_refuses_cost_no_slot(feed, heavy_worker):
    calculation = misbehaving("whole")
    two = body_of(misbehaving("whole", 1), misbehaving("whole", 2))
    feed.insert(calculation)
    feed.publish(Lane.HEAVY, two, two, two, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.HEAVY) == 3)


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"queue_name": 1}'])
def test_a_message_that_is_none_is_put_aside(feed, heavy_worker, body):
    calculation = misbehaving("whole")
    feed.insert(calculation)
    feed.publish(Lane.HEAVY, body, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.HEAVY) == 1)


def test_progress_reaches_the_row(feed, heavy_worker):
    calculation = misbehaving("hang")
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress == 0.25)
