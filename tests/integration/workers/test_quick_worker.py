"""The quick lane from message to committed result."""

import dataclasses
import json
import signal
import time

import gmpy2
import pika
import pytest
from sqlalchemy import text

from shared import messages
from shared.calculation import Lane, Status, Work, calculation_id
from shared.failures import CANCELLED_JSON
from shared.functions.registry import Registry
from shared.messages import queue_name
from shared.result import CHUNK_DIGITS, ROW_DIGITS
from shared.store.calculations import cancel_calculation
from tests.child_with_test_functions import REGISTRY
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.failing import make_unwritable, make_writable
from tests.integration.lanes import Feed, WorkerThread, body_of, make_test_calculation
from tests.integration.listening import listening
from tests.integration.worker_processes import WorkerProcess


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture
def quick_worker(settings, registry):
    with WorkerThread(settings, Lane.QUICK, registry) as worker:
        yield worker


def fibonacci(n, **overrides):
    return make_calculation(arguments={"n": n}, **overrides)


def test_every_message_ends_in_its_exact_result(feed, quick_worker):
    calculations = [fibonacci(n) for n in range(1_000)]
    feed.submit(*calculations)
    feed.wait_for(Status.SUCCEEDED, *calculations)
    for calculation in calculations:
        assert feed.digits(calculation) == gmpy2.fib(calculation.arguments["n"]).digits()
    assert feed.row(calculations[-1]).attempt == 1
    quick_worker.stop()
    eventually(lambda: feed.ready(Lane.QUICK) == 0)
    assert feed.dead(Lane.QUICK) == 0


@pytest.mark.parametrize("n", [39_100, 39_300, 1_400_000])
def test_long_results_are_stored_in_chunks(feed, quick_worker, n):
    calculation = fibonacci(n)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    digits = gmpy2.fib(n).digits()
    row = feed.row(calculation)
    assert feed.digits(calculation) == digits
    assert row.result_digits == len(digits)
    assert (row.result_value is None) is (len(digits) > ROW_DIGITS)
    chunks = feed.scalar("SELECT count(*) FROM result_chunks")
    assert chunks == (0 if len(digits) <= ROW_DIGITS else -(-len(digits) // CHUNK_DIGITS))


def test_a_message_that_comes_again_changes_nothing(feed, quick_worker):
    calculation = fibonacci(1_000)
    feed.submit(calculation)
    feed.publish(Lane.QUICK, *[body_of(calculation)] * 50)
    feed.wait_for(Status.SUCCEEDED, calculation)
    first = feed.row(calculation)
    marker = fibonacci(2_000)
    feed.submit(marker)
    feed.wait_for(Status.SUCCEEDED, marker)
    quick_worker.stop()
    assert feed.row(calculation) == first
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


def test_a_cancelled_calculation_stays_cancelled(feed, settings, registry):
    cancelled, marker = fibonacci(1_000), fibonacci(2_000)
    feed.submit(cancelled, marker)
    with feed.engine.begin() as connection:
        cancel_calculation(connection, cancelled.id, CANCELLED_JSON)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, marker)
    assert feed.status(cancelled) is Status.CANCELLED
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


def test_a_function_that_is_not_installed_is_gone(feed, settings):
    calculation = fibonacci(1_000)
    feed.submit(calculation)
    with WorkerThread(settings, Lane.QUICK, Registry([])):
        feed.wait_for(Status.FAILED, calculation)
    assert feed.row(calculation).error["type"] == "urn:reckoner:problem:function-gone"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("fail", "function-failed"), ("wrong", "result-wrong"), ("nothing", "result-wrong")],
)
def test_a_function_that_fails_fails_its_calculation_alone(feed, settings, name, reason):
    function = REGISTRY.get(name)
    bad = make_test_calculation(name)
    good = [make_test_calculation("whole", n) for n in range(1, 50)]
    feed.submit(good[0], bad, *good[1:])
    with WorkerThread(with_room_for_test_functions(settings), Lane.QUICK, REGISTRY):
        feed.wait_for(Status.SUCCEEDED, *good)
        feed.wait_for(Status.FAILED, bad)
    error = feed.row(bad).error
    assert error["type"] == f"urn:reckoner:problem:{reason}"
    assert function.name in error["detail"] or "ValueError" in error["detail"]


def with_room_for_test_functions(settings):
    """Return settings by whose bounds their estimates belong to the quick lane."""
    return dataclasses.replace(settings, quick_seconds=1.0)


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
def test_a_message_that_is_none_is_put_aside(feed, quick_worker, body):
    calculation = fibonacci(1_000)
    feed.insert(calculation)
    feed.publish(Lane.QUICK, body, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.QUICK) == 1)


def test_an_id_that_does_not_follow_from_the_arguments_is_put_aside(feed, quick_worker):
    message = json.loads(body_of(fibonacci(1_000)))
    message["kwargs"]["work"]["calculations"][0]["arguments"]["n"] = 1_001
    feed.publish(Lane.QUICK, json.dumps(message).encode())
    eventually(lambda: feed.dead(Lane.QUICK) == 1)


UNFIT = [{"n": 400_000_000}, {"n": 10**10 + 1}, {"n": -1}, {"n": True}, {"n": "1"}, {"m": 1}, {}]


def forged(arguments) -> bytes:
    """Return a message whose id follows from its arguments, whatever they are."""
    function = make_calculation().function
    identity = calculation_id(function.name, function.version, arguments)
    return messages.encode(
        [Work(identity, function.name, function.version, arguments, None)], Lane.QUICK
    )


@pytest.mark.parametrize("arguments", UNFIT)
def test_what_the_gateway_would_not_have_sent_is_refused_and_not_computed(
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


def test_what_needs_more_memory_than_a_calculation_may_use_is_refused(feed, settings, registry):
    tight = dataclasses.replace(settings, memory_limit_bytes=2**20)
    feed.publish(Lane.QUICK, forged({"n": 1_000}))
    with WorkerThread(tight, Lane.QUICK, registry):
        eventually(lambda: feed.dead(Lane.QUICK) == 1)


def test_what_is_beyond_this_workers_settings_goes_to_the_heavy_lane(feed, settings, registry):
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


def test_no_log_line_repeats_all_arguments_of_a_message(feed, settings, tmp_path):
    log = tmp_path / "log"
    refused = json.loads(body_of(fibonacci(1_000)))
    refused["kwargs"]["work"]["calculations"][0]["arguments"] = {"n": "9" * 1_000_000}
    feed.publish(Lane.QUICK, json.dumps(refused).encode(), forged({"n": "8" * 1_000_000}))
    with WorkerProcess(settings, Lane.QUICK, log):
        eventually(lambda: feed.dead(Lane.QUICK) == 2)
        eventually(lambda: log.read_text().count("refused a message") == 2)
    assert max(map(len, log.read_text().splitlines())) < 2_000


def test_a_message_is_acknowledged_after_its_result_is_committed(feed, settings, tmp_path):
    calculation = fibonacci(1_000)
    feed.submit(calculation)
    with feed.engine.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM calculations WHERE id = :id FOR UPDATE"), {"id": calculation.id}
        )
        with WorkerProcess(settings, Lane.QUICK, tmp_path / "log") as worker:
            eventually(lambda: waits_for_a_lock(feed))
            assert feed.ready(Lane.QUICK) == 0
            worker.kill()
            eventually(lambda: feed.ready(Lane.QUICK) == 1)


def waits_for_a_lock(feed) -> bool:
    return bool(
        feed.scalar(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def test_connections_that_break_lose_nothing(feed, settings, registry):
    calculations = [fibonacci(n) for n in range(3_000)]
    feed.submit(*calculations)
    with WorkerThread(settings, Lane.QUICK, registry):
        for _ in range(5):
            feed.scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = 'worker in a test'"
            )
            time.sleep(0.1)
        feed.wait_for(Status.SUCCEEDED, *calculations)
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


def test_a_queue_that_was_deleted_comes_back(feed, quick_worker):
    first, second = fibonacci(1_000), fibonacci(2_000)
    feed.submit(first)
    feed.wait_for(Status.SUCCEEDED, first)
    feed.delete_queue(Lane.QUICK)
    feed.submit(second)
    feed.wait_for(Status.SUCCEEDED, second)


def test_a_worker_told_to_stop_commits_what_it_has_and_leaves_the_rest(feed, settings, tmp_path):
    calculations = [fibonacci(n) for n in range(3_000)]
    feed.submit(*calculations)
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.QUICK, log) as worker:
        eventually(lambda: feed.scalar("SELECT count(*) FROM workers") == 1)
        eventually(
            lambda: feed.scalar("SELECT count(*) FROM calculations WHERE status = 'succeeded'")
        )
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    done = feed.scalar("SELECT count(*) FROM calculations WHERE status = 'succeeded'")
    eventually(lambda: feed.ready(Lane.QUICK) == len(calculations) - done)
    assert feed.scalar("SELECT count(*) FROM workers") == 0
    with WorkerProcess(settings, Lane.QUICK, log):
        feed.wait_for(Status.SUCCEEDED, *calculations)


def test_what_kills_worker_after_worker_is_left_to_the_heavy_lane(feed, settings, registry):
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


def test_a_worker_whose_calculation_hangs_gives_up(feed, settings, monkeypatch):
    monkeypatch.setattr("workers.quick.lane._HANGING_SECONDS", 0.5)
    hanging, good = make_test_calculation("quick_hang"), make_test_calculation("whole")
    feed.submit(good)
    feed.submit(hanging)
    with WorkerThread(with_room_for_test_functions(settings), Lane.QUICK, REGISTRY) as worker:
        feed.wait_for(Status.SUCCEEDED, good)
        worker.join()
        assert worker.status == 1


def test_a_worker_that_cannot_consume_gives_up(store_settings, registry, monkeypatch):
    monkeypatch.setattr("workers.lifecycle.SILENCE_SECONDS", 1.0)
    with WorkerThread(store_settings, Lane.QUICK, registry) as worker:
        worker.join()
        assert worker.status == 1


def test_a_result_that_cannot_be_stored_is_not_acknowledged_and_holds_up_no_other(
    feed, settings, registry
):
    """It goes to the dead letters, with all of its message; what is beside it is stored."""
    good, beside, bad = fibonacci(1_000), fibonacci(2_000), fibonacci(3_000)
    make_unwritable(feed.engine, "23514", bad.id)
    feed.insert(good, beside, bad)
    feed.publish(Lane.QUICK, body_of(beside, bad), body_of(good))
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, good, beside)
        eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert feed.status(bad) is Status.QUEUED
    assert feed.ready(Lane.QUICK) == 0


def test_results_that_could_not_be_written_by_the_end_leave_their_messages_to_others(
    feed, settings, registry, monkeypatch
):
    monkeypatch.setattr("workers.quick.group_commit._LAST_TRIES_SECONDS", 0.2)
    calculation = fibonacci(1_000)
    make_unwritable(feed.engine, "53100")
    feed.submit(calculation)
    with WorkerThread(settings, Lane.QUICK, registry):
        eventually(lambda: feed.ready(Lane.QUICK) == 0)
    eventually(lambda: feed.ready(Lane.QUICK) == 1)
    assert feed.status(calculation) is Status.QUEUED
    make_writable(feed.engine)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, calculation)


def test_what_cannot_be_moved_to_the_heavy_lane_by_the_end_comes_again(feed, settings, registry):
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


def test_what_goes_to_the_heavy_lane_is_told_to_the_relay(feed, settings, registry):
    beyond = fibonacci(1_400_000)
    feed.submit(beyond)
    narrow = dataclasses.replace(settings, quick_seconds=0.001)
    with listening(settings) as heard, WorkerThread(narrow, Lane.QUICK, registry):
        eventually(lambda: heard.outbox() == ["heavy"])


def test_another_version_of_a_function_is_gone(feed, settings, registry):
    (current,) = (one for one in registry if one.name == "fibonacci")
    later = dataclasses.replace(current, version=current.version + 1)
    identity = calculation_id(later.name, later.version, {"n": 1_000})
    calculation = make_calculation(function="fibonacci", id=identity)
    calculation = dataclasses.replace(calculation, function=later)
    feed.submit(calculation)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.FAILED, calculation)
    assert feed.row(calculation).error["type"] == "urn:reckoner:problem:function-gone"


def test_who_computes_waits_while_more_is_to_be_written_than_may_wait(
    feed, settings, registry, monkeypatch
):
    monkeypatch.setattr("workers.quick.group_commit._WAITING_DIGITS", 1_000)
    calculations = [fibonacci(n) for n in range(20_000, 20_040)]  # of 4,000 digits each
    feed.submit(*calculations)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *calculations)
