"""The sum of what unfinished calculations are charged."""

import dataclasses

from shared.calculation import Lane
from shared.failures import failure_json
from shared.store import calculations, new_calculations, quick
from shared.store.totals.queued_work import Group, Sums, group_of, sum_queued_work
from tests.factories import estimate_of, make_calculation, make_result
from tests.integration.rows import cancel, change, claim, expire, extend

QUICK = Group(Lane.QUICK, 0)


def charged(n, seconds=3.0, size=100, lane=Lane.QUICK):
    return make_calculation(
        arguments={"n": n}, lane=lane, charged_seconds=seconds, charged_bytes=size
    )


def store(connection, made, key_name="a"):
    new_calculations.insert_queued(connection, made, "request", key_name)


def test_estimates_are_summed_where_nothing_else_is_charged(connection):
    plain = make_calculation(arguments={"n": 10**8}, lane=Lane.HEAVY)
    store(connection, [plain, charged(1), charged(2)])
    seconds, digits = estimate_of(plain).seconds, estimate_of(plain).digits or 0
    assert sum_queued_work(connection) == {
        "a": {QUICK: Sums(2, 6.0, 200), group_of(Lane.HEAVY, seconds): Sums(1, seconds, digits)}
    }


def test_without_an_estimate_or_a_charge_it_counts_for_nothing(connection):
    """As an earlier version stores it."""
    store(connection, [make_calculation(arguments={"n": 1}, estimate=None)])
    assert sum_queued_work(connection) == {"a": {QUICK: Sums(1, 0.0, 0)}}


def test_classes_are_the_same_here_as_in_a_gateway(connection):
    seconds = [0.0, 0.06, 0.0625, 0.1, *(2.0**n for n in range(-3, 28)), 3.0, 1e12]
    made = [charged(n, one, lane=Lane.HEAVY) for n, one in enumerate(seconds)]
    store(connection, made)
    expected: dict[Group, int] = {}
    for one in seconds:
        group = group_of(Lane.HEAVY, one)
        expected[group] = expected.get(group, 0) + 1
    found = sum_queued_work(connection)["a"]
    assert {group: sums.calculations for group, sums in found.items()} == expected


def test_it_counts_for_the_key_by_which_it_is_queued(connection):
    ours, theirs, nobodys = charged(1), charged(2), charged(3)
    store(connection, [ours], "a")
    store(connection, [theirs], "b")
    store(connection, [nobodys], None)
    cancel(connection, theirs)
    assert sum_queued_work(connection) == {
        "a": {QUICK: Sums(1, 3.0, 100)},
        None: {QUICK: Sums(1, 3.0, 100)},
    }
    again = dataclasses.replace(theirs, charged_seconds=5.0)
    calculations.requeue_ended(connection, [again], "request", "a")
    assert sum_queued_work(connection)["a"] == {QUICK: Sums(2, 8.0, 200)}


def test_progress_is_subtracted_and_what_has_ended_does_not_count(connection):
    heavy = [charged(n, 8.0, lane=Lane.HEAVY) for n in range(4)]
    light = [charged(n) for n in range(10, 12)]
    store(connection, heavy + light)
    group = group_of(Lane.HEAVY, 8.0)
    running, lost, _, _ = heavy
    claimed = claim(connection, running)
    assert claimed is not None
    extend(connection, (claimed, 0.75))
    assert sum_queued_work(connection)["a"][group] == Sums(4, 26.0, 400)
    # Its attempt was lost: it waits for another.
    claim(connection, lost)
    change(connection, lost, "progress = 0.5, lease_until = now() - interval '1 s'")
    assert sum_queued_work(connection)["a"][group] == Sums(4, 22.0, 400)
    expire(connection)
    assert sum_queued_work(connection)["a"][group] == Sums(4, 26.0, 400)
    # One that succeeded, one that failed, and one that was cancelled.
    quick.finish_quick_succeeded(connection, {light[0].id: make_result()})
    quick.finish_quick_failed(connection, {light[1].id: failure_json("worker-lost", "Gone.")})
    cancel(connection, heavy[3])
    assert sum_queued_work(connection) == {"a": {group: Sums(3, 18.0, 300)}}


def test_sums_beyond_64_bits_are_sums(connection):
    store(connection, [charged(n, 1e12, 2**63 - 1, Lane.HEAVY) for n in range(3)])
    (sums,) = sum_queued_work(connection)["a"].values()
    assert sums == Sums(3, 3e12, 3.0 * 2**63)
