"""The window of the heavy lane: how many calculations are published, and which are next."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.store import new_calculations, presence
from shared.store.outbox.heavy_outbox import (
    LEAST_WINDOW,
    MOST_COUNTED,
    measure_lag_seconds,
    take_heavy,
)
from tests.factories import make_calculation
from tests.integration.rows import change, claim, queue, without_indexes

SHORT, LONG = 0.001, 60.0


def queue_many(connection, count, *, seconds, first=1):
    """Queue as many heavy ones, in the order in which they are to be published."""
    made = [queue(connection, n=first + n, lane=Lane.HEAVY) for n in range(count)]
    for place, calculation in enumerate(made):
        change(
            connection,
            calculation,
            f"sort_at = now() + interval '{first + place}s',"
            f" estimate_seconds = {'NULL' if seconds is None else seconds}",
        )
    return made


def add_worker(connection, slots, lane=Lane.HEAVY):
    worker_id = uuid4()
    presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=lane, slots=slots)
    return worker_id


def take(connection, limit=500, claims_per_second=0.0):
    """Return the ids of what is taken in order, and after how many claims there is room."""
    taken = take_heavy(limit, claims_per_second).on(connection)
    return [one.work.calculation_id for one in taken.due], taken.claims_until_room


def ids(calculations):
    return [calculation.id for calculation in calculations]


def test_the_earliest_are_taken_first_and_rows_of_earlier_versions_as_they_came(connection):
    without_indexes(connection)
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(6)]
    for calculation, columns in zip(
        made,
        (
            "sort_at = now() + interval '3s'",
            "sort_at = NULL, created_at = now() - interval '5s'",
            "sort_at = now() + interval '1s'",
            "sort_at = NULL, created_at = now() - interval '9s'",
            "sort_at = now() - interval '7s'",
            "sort_at = now() + interval '2s'",
        ),
        strict=True,
    ):
        change(connection, calculation, columns)
    in_order = [made[index].id for index in (3, 4, 1, 2, 5, 0)]
    assert take(connection, limit=4) == (in_order[:4], None)
    assert take(connection, limit=4) == (in_order[4:], None)


@pytest.mark.parametrize(
    ("slots", "size"), [((), LEAST_WINDOW), ((2, 3), LEAST_WINDOW), ((8, 5), 26)]
)
def test_no_more_are_published_than_two_for_each_slot_or_sixteen(connection, slots, size):
    for count in slots:
        add_worker(connection, count)
    add_worker(connection, 100, Lane.QUICK)
    dead = add_worker(connection, 100)
    connection.execute(
        text("UPDATE workers SET seen_at = now() - interval '16s' WHERE id = :id"), {"id": dead}
    )
    made = queue_many(connection, size + 3, seconds=SHORT)
    assert take(connection) == (ids(made[:size]), size // 2)
    assert take(connection) == ([], size // 2)
    # It is filled again once half of it is claimed, and what is running takes no place in it.
    for calculation in made[: size // 2 - 1]:
        claim(connection, calculation)
    assert take(connection) == ([], 1)
    claim(connection, made[size // 2])
    assert take(connection) == (ids(made[size:]), None)


def test_however_many_slots_there_are_no_more_are_published_than_are_counted(connection):
    add_worker(connection, 2 * MOST_COUNTED)
    made = [make_calculation(arguments={"n": n}, lane=Lane.HEAVY) for n in range(MOST_COUNTED + 10)]
    new_calculations.insert_queued(connection, made, "request")
    taken = [take(connection, limit=MOST_COUNTED)[0] for _ in range(2)]
    assert [len(one) for one in taken] == [MOST_COUNTED, 0]


def test_long_ones_are_published_one_for_each_slot(connection):
    add_worker(connection, 3)
    made = queue_many(connection, 8, seconds=LONG)
    assert take(connection) == (ids(made[:3]), 1)
    assert take(connection) == ([], 1)
    claim(connection, made[1])
    assert take(connection) == ([made[3].id], 1)
    # Without any worker there is one, so that the next worker finds work.
    connection.execute(text("DELETE FROM workers"))
    for calculation in (made[0], made[2], made[3]):
        claim(connection, calculation)
    assert take(connection) == ([made[4].id], 1)


def test_beyond_one_for_each_slot_what_is_published_takes_two_seconds_of_each(connection):
    add_worker(connection, 2)
    made = queue_many(connection, 9, seconds=0.9)
    assert take(connection) == (ids(made[:4]), 1)  # 3.6 s of 4
    claim(connection, made[0])
    assert take(connection) == ([made[4].id], 1)


def test_a_short_one_waits_for_no_more_than_the_window(connection):
    add_worker(connection, 2)
    made = queue_many(connection, 50, seconds=LONG, first=1_000)
    assert take(connection) == (ids(made[:2]), 1)
    (short,) = queue_many(connection, 1, seconds=SHORT)
    assert take(connection) == ([], 1)
    claim(connection, made[0])
    assert take(connection) == ([short.id], 1)


def test_unknown_ones_take_what_the_rate_of_claims_says(connection):
    add_worker(connection, 4)
    made = queue_many(connection, 40, seconds=None)
    assert take(connection) == (ids(made[:4]), 1)
    # At 4 in a second each takes a second of a slot, of which there are 8 in the window.
    assert take(connection, claims_per_second=4.0) == (ids(made[4:8]), 1)
    assert take(connection, claims_per_second=200.0) == (ids(made[8:16]), 8)


def test_unknown_ones_take_what_was_learnt_since_or_at_most_what_they_may(connection):
    add_worker(connection, 1)
    made = queue_many(connection, 20, seconds=None)
    connection.execute(
        text(
            "INSERT INTO functions (name, version, seconds, runs)"
            " VALUES ('fibonacci', 1, 0.5, 9), ('fibonacci', 2, 60, 9)"
        )
    )
    assert take(connection) == (ids(made[:4]), 1)
    connection.execute(text("DELETE FROM functions"))
    connection.execute(text("UPDATE calculations SET charged_seconds = 0.3"))
    assert take(connection) == (ids(made[4:6]), 1)


def test_what_comes_back_with_a_place_from_long_ago_is_no_lag(connection):
    """Otherwise what is submitted meanwhile would be ahead of all that waits."""
    assert measure_lag_seconds(connection) == 0
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(3)]
    for calculation, seconds in zip(made, (3_600, 120, 60), strict=True):
        change(connection, calculation, f"sort_at = now() - interval '{seconds}s'")
    assert measure_lag_seconds(connection) == 3_600
    change(connection, made[0], "published_at = now()")
    assert measure_lag_seconds(connection) == 120
    change(connection, made[1], "published_at = now()")
    change(connection, made[0], "published_at = NULL")
    assert measure_lag_seconds(connection) == 120
    change(connection, made[1], "sort_at = now() + interval '1 day'")
    assert measure_lag_seconds(connection) == 0


def test_rows_that_are_not_due_are_not_taken_and_hold_up_no_others(connection):
    made = queue_many(connection, 3, seconds=LONG)
    add_worker(connection, 9)
    change(connection, made[0], "not_before = now() + interval '1s'")
    quick = make_calculation(arguments={"n": 99})
    assert take(connection) == (ids(made[1:]), None)
    assert quick.id not in take(connection)[0]


def test_a_row_that_another_relay_has_locked_is_left_to_it(engine):
    with engine.begin() as connection:
        made = queue_many(connection, 3, seconds=SHORT)
    with engine.begin() as one, engine.begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert take(one, limit=2)[0] == ids(made[:2])
        assert take(other)[0] == [made[2].id]
