"""What is said of relays and workers that are away, or that cannot do their part."""

from uuid import uuid4

from shared.calculation import Lane
from shared.diagnosis.functions import function_problems
from shared.diagnosis.problem import Severity
from shared.diagnosis.relays import relay_problems
from shared.diagnosis.workers import worker_problems
from shared.functions.registry import FunctionProblem
from shared.store.presence import RelayState, WorkerState
from shared.store.totals.system import OutboxState
from tests.factories import MOMENT

IDLE = OutboxState(0, 0.0)
ALL = frozenset({"factorial/1", "fibonacci/1"})


def relay(silent_seconds=0.0, problems=None):
    return RelayState(uuid4(), "host", 7, MOMENT, silent_seconds, problems or {})


def worker(lane=Lane.QUICK, offers=ALL):
    known = None if offers is None else sorted(offers)
    return WorkerState(uuid4(), "host", 8, str(lane), 1, MOMENT, MOMENT, known, [])


def of_workers(*workers, waiting=0):
    return list(worker_problems(Lane.QUICK, workers, waiting, ALL, where="the gateway"))


def test_without_a_relay_that_is_alive_nothing_is_published():
    for relays in ([], [relay(silent_seconds=20.0)]):
        (found,) = relay_problems(relays, IDLE)
        assert found.severity is Severity.FAULT
        assert found.text == "No relay is alive: what is accepted waits in PostgreSQL."
        assert "python -m gateway.relay" in found.remedy
    assert not list(relay_problems([relay()], IDLE))


def test_a_relay_says_what_keeps_it_from_publishing():
    (found,) = relay_problems([relay(problems={Lane.HEAVY: "RabbitMQ has an alarm."})], IDLE)
    assert found.severity is Severity.FAULT
    assert found.text.endswith("cannot publish to the heavy lane: RabbitMQ has an alarm.")


def test_an_outbox_is_old_after_a_minute():
    assert not list(relay_problems([relay()], OutboxState(5, 59.0)))
    (found,) = relay_problems([relay()], OutboxState(5, 125.0))
    assert found.severity is Severity.WARNING
    assert found.text.startswith("5 calculations could be published")
    assert "2 minutes" in found.text


def test_a_lane_without_workers_is_a_fault_that_counts_what_waits():
    (found,) = of_workers(worker(Lane.HEAVY), waiting=1)
    assert found.severity is Severity.FAULT
    assert found.text == "No quick worker is alive, and 1 calculation waits for one."
    (found,) = of_workers()
    assert found.text == "No quick worker is alive."


def test_functions_that_all_or_some_workers_lack_are_told_apart():
    some = frozenset({"fibonacci/1"})
    assert not of_workers(worker())
    (found,) = of_workers(worker(offers=some))
    assert (found.severity, "No quick worker has factorial/1" in found.text) == ("fault", True)
    (found,) = of_workers(worker(offers=some), worker())
    assert (found.severity, "Not every quick worker has factorial/1" in found.text) == (
        "warning",
        True,
    )


def test_a_worker_that_does_not_say_what_it_offers_lacks_nothing():
    assert not of_workers(worker(offers=None))


def test_a_function_that_was_left_out_is_named_with_the_reason():
    (found,) = function_problems([FunctionProblem("a-package", "broken", "It has no docstring.")])
    assert found.severity is Severity.FAULT
    assert "broken of the package a-package cannot be used. It has no docstring." in found.text
