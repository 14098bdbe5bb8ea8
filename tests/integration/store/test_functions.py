"""What PostgreSQL knows of functions: fingerprints, and costs that are learnt from their runs."""

import threading

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.functions.learnt_cost import LearntCost
from shared.store.functions import (
    InstalledFunction,
    delete_unseen_functions,
    find_costs,
    learn_costs,
    register_functions,
    touch_functions,
)
from tests.integration.rows import change, queue

FIBONACCI = ("fibonacci", 1)


def register(connection, *fingerprints, name="fibonacci"):
    """Register version 1, 2 … of a function; return the versions that had another fingerprint."""
    installed = [
        InstalledFunction(name, version, fingerprint)
        for version, fingerprint in enumerate(fingerprints, 1)
    ]
    return [version for _, version in register_functions(connection, installed)]


def add_runs(connection, seconds, *, first=0, version=1, peak_bytes="NULL"):
    """Insert finished runs, each newer than the one before."""
    for n, duration in enumerate(seconds, first):
        one = queue(connection, n=n)
        change(
            connection,
            one,
            f"status = 'succeeded', created_at = now() - interval '1 day' + interval '{n} s', "
            f"compute_seconds = {duration}, peak_bytes = {peak_bytes}, version = {version}, "
            "finished_at = now(), result_digits = 1, result_sha256 = '', result_value = '7'",
        )


def learn(connection, rows=50, runs=10):
    learn_costs(connection, rows=rows, runs=runs)
    return find_costs(connection)


def test_a_changed_fingerprint_is_told_to_one_gateway_alone(connection):
    assert register(connection, "a", "b") == []
    assert register(connection, "a", "b") == []
    assert register(connection, "a", "c") == [2]
    assert register(connection, "a", "c") == []


def test_a_fingerprint_that_was_not_known_has_not_changed(connection):
    assert register(connection, None) == []
    assert register(connection, "a") == []
    assert register(connection, "b", name="factorial") == []


def test_of_gateways_that_start_at_once_one_is_told(engine):
    with engine.begin() as connection:
        register(connection, "a")
    told = []
    at_once = threading.Barrier(3)

    def start():
        at_once.wait()
        with engine.begin() as connection:
            told.extend(register(connection, "b"))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [1]


def test_functions_that_no_gateway_has_are_forgotten_after_a_time(connection):
    register(connection, "a", "b")
    connection.execute(text("UPDATE functions SET seen_at = now() - interval '31 days'"))
    touch_functions(connection, [InstalledFunction("fibonacci", 2, "b")])
    delete_unseen_functions(connection, 30)
    rows = connection.execute(text("SELECT version, fingerprint FROM functions")).all()
    assert rows == [(2, "b")]


def test_nine_of_ten_runs_were_within_what_is_learnt(connection):
    register(connection, "a")
    assert learn(connection) == {}
    add_runs(connection, [0.5, *range(1, 10)])
    # The last ten: 0.5 and 1 to 9 seconds; of all but the longest the longest.
    assert learn(connection) == {FIBONACCI: LearntCost(8.0, None, 1)}
    change_peaks = "UPDATE calculations SET peak_bytes = (compute_seconds * 1000)::bigint"
    connection.execute(text(change_peaks))
    assert learn(connection) == {FIBONACCI: LearntCost(8.0, 8_000, 1)}
    assert connection.execute(text("SELECT runs FROM functions")).scalar_one() == 10


@pytest.mark.parametrize("column", ["result_length", "result_digits"])
def test_nine_of_ten_results_were_no_longer_than_what_is_learnt(connection, column):
    register(connection, "a")
    add_runs(connection, [1] * 10)
    lengths = "result_digits = NULL, result_length = NULL"
    connection.execute(
        text(
            f"UPDATE calculations SET {lengths.replace(f'{column} = NULL', f'{column} = number')}"
            " FROM (SELECT id, 100 * row_number() OVER () AS number FROM calculations) AS numbered"
            " WHERE calculations.id = numbered.id"
        )
    )
    assert learn(connection)[FIBONACCI].result_bytes == 900


def test_each_version_is_learnt_from_its_own_last_runs(connection):
    register(connection, "a", "b")
    add_runs(connection, [100] * 5)
    add_runs(connection, [1] * 10, first=5)
    add_runs(connection, [7] * 12, first=15, version=2)
    assert learn(connection) == {
        FIBONACCI: LearntCost(1.0, None, 1),
        ("fibonacci", 2): LearntCost(7.0, None, 1),
    }


@pytest.mark.parametrize("lane", Lane)
def test_costs_are_learnt_beside_a_long_queue(connection, lane):
    """The newest have not been computed; those before the first that waits have."""
    register(connection, "a")
    add_runs(connection, [3] * 5)
    for n in range(100, 120):
        waiting = queue(connection, n=n, lane=lane)
        age = f"now() - interval '{200 - n} s'"
        change(connection, waiting, f"published_at = {age}, created_at = {age}")
    assert learn(connection, rows=10) == {FIBONACCI: LearntCost(3.0, None, 1)}


def test_only_functions_that_a_gateway_has_are_learnt(connection):
    add_runs(connection, [1, 1])
    assert learn(connection) == {}


def test_one_relay_learns_at_a_time(engine, connection):
    register(connection, "a")
    add_runs(connection, [1])
    connection.commit()
    with engine.begin() as first, engine.begin() as second:
        learn_costs(first, rows=10, runs=10)
        assert learn(second) == {}, "it neither waits nor learns"
        assert find_costs(first) == {FIBONACCI: LearntCost(1.0, None, 1)}
