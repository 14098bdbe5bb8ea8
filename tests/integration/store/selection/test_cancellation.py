"""Cancels of many: which are found, what becomes of them, and what is left for later."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from shared.failures import CANCELLED_JSON
from shared.store import attempts
from shared.store.new_calculations import insert_queued
from shared.store.selection.cancellation import (
    cancel_calculations,
    find_matching,
    find_unfinished,
    wait_until_unlocked,
)
from shared.store.selection.filters import Filters
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, cancel, change, claim, queue, row_of, stored

ALL = Filters()


def find(connection, filters=ALL, submitted_by=None, *, start=None, most=100, most_looked_at=100):
    return find_matching(
        connection,
        filters,
        submitted_by,
        start=start,
        most=most,
        most_looked_at=most_looked_at,
    )


def ids(found):
    return [place.id for place in found.places]


def cancel_all(connection, calculations, filters=ALL):
    """Cancel these; return the statuses that they then have by id, and which are locked."""
    wanted = [one.id for one in calculations]
    changed, locked = cancel_calculations(connection, wanted, filters, CANCELLED_JSON, "ada")
    return {one.id: one.status for one in changed}, locked


@pytest.fixture
def of_each_status(connection):
    """A calculation of each status, all of the heavy lane."""
    made = {status: queue(connection, n=n, lane=Lane.HEAVY) for n, status in enumerate(Status)}
    mine = {"worker_id": WORKER}
    claims = {one: claim(connection, made[one]) for one in Status if one is not Status.QUEUED}
    cancel(connection, made[Status.CANCELLED])
    attempts.finish_succeeded(connection, claims[Status.SUCCEEDED], make_result(), **mine)
    attempts.finish_failed(connection, claims[Status.FAILED], CANCELLED_JSON, **mine)
    attempts.finish_cancelled(connection, claims[Status.CANCELLED], CANCELLED_JSON, **mine)
    return made


@pytest.mark.parametrize("way", ["ids", "conditions"])
def test_unfinished_ones_are_found_and_final_ones_are_not(connection, of_each_status, way):
    everything = [one.id for one in of_each_status.values()]
    if way == "ids":
        found = find_unfinished(connection, everything, start=None, most=100)
    else:
        found = find(connection)
    unfinished = {of_each_status[Status.QUEUED].id, of_each_status[Status.RUNNING].id}
    assert (set(ids(found)), found.following) == (unfinished, None)


def test_a_queued_one_is_cancelled_and_a_running_one_is_marked_for_its_worker(
    connection, of_each_status
):
    before = {status: row_of(connection, one) for status, one in of_each_status.items()}
    changed, locked = cancel_all(connection, of_each_status.values())
    queued, running = of_each_status[Status.QUEUED], of_each_status[Status.RUNNING]
    assert (changed, locked) == ({queued.id: "cancelled", running.id: "running"}, set())
    after = {status: row_of(connection, one) for status, one in of_each_status.items()}
    done = after.pop(Status.QUEUED)
    assert (done.status, done.cancelled_by, done.cancel_requested) == ("cancelled", "ada", False)
    assert done.error["type"].endswith("cancelled")
    assert done.finished_at is not None
    marked = after.pop(Status.RUNNING)
    assert (marked.status, marked.cancelled_by, marked.cancel_requested) == ("running", "ada", True)
    assert (marked.error, marked.finished_at) == (None, None)
    assert after == {status: before[status] for status in after}, "what is final is untouched"


def test_a_cancel_that_is_under_way_is_not_counted_again(connection):
    running = queue(connection, lane=Lane.HEAVY)
    claim(connection, running)
    cancel_all(connection, [running])
    assert ids(find(connection)) == []
    assert ids(find_unfinished(connection, [running.id], start=None, most=9)) == []
    assert cancel_all(connection, [running]) == ({}, set())


@pytest.fixture
def mixed(connection):
    """Calculations of two functions, lanes, statuses and keys, each at a time of its own."""
    made = []
    for n in range(24):
        one = make_calculation(
            function="factorial" if n % 2 else "fibonacci",
            arguments={"n": n},
            lane=Lane.HEAVY if n % 3 == 0 else Lane.QUICK,
        )
        insert_queued(connection, [one], "request")
        if n % 6 == 0:
            claim(connection, one)
        key = "'ada'" if n % 4 == 0 else "'bob'"
        age = f"now() - interval '{n // 2} min'"
        change(connection, one, f"created_at = {age}, submitted_by = {key}")
        made.append(one)
    return made


def expected(connection, condition):
    statement = f"SELECT id FROM calculations WHERE {condition} ORDER BY created_at DESC, id DESC"
    return list(connection.execute(text(statement)).scalars())


@pytest.mark.parametrize(
    ("filters", "submitted_by", "condition"),
    [
        (Filters(status=Status.QUEUED), None, "status = 'queued'"),
        (Filters(status=Status.RUNNING), None, "status = 'running'"),
        (Filters(function="factorial"), None, "function = 'factorial'"),
        (Filters(lane=Lane.HEAVY), None, "lane = 'heavy'"),
        (ALL, "ada", "submitted_by = 'ada'"),
        (ALL, "nobody", "false"),
        (
            Filters(status=Status.QUEUED, function="fibonacci", lane=Lane.QUICK),
            "ada",
            "(function, lane, status, submitted_by) = ('fibonacci', 'quick', 'queued', 'ada')",
        ),
    ],
)
def test_conditions_are_all_met_newest_first(connection, mixed, filters, submitted_by, condition):
    found = find(connection, filters, submitted_by)
    assert (ids(found), found.following) == (expected(connection, condition), None)


def test_a_time_window_has_its_beginning_and_not_its_end(connection, mixed):
    now = connection.execute(text("SELECT now()")).scalar_one()
    after, before = now - timedelta(minutes=7), now - timedelta(minutes=3)
    found = find(connection, Filters(created_after=after, created_before=before))
    wanted = "created_at BETWEEN now() - interval '7 min' AND now() - interval '4 min'"
    assert ids(found) == expected(connection, wanted)
    assert len(found.places) == 8


@pytest.mark.parametrize("submitted_by", [None, "ada", "nobody"])
@pytest.mark.parametrize(("most", "most_looked_at"), [(1, 2), (3, 5), (5, 5), (24, 24), (7, 100)])
def test_bounded_steps_find_all_of_them_once(connection, mixed, submitted_by, most, most_looked_at):
    seen, start, steps = [], None, 0
    while True:
        found = find(
            connection, ALL, submitted_by, start=start, most=most, most_looked_at=most_looked_at
        )
        assert len(found.places) <= most
        seen += ids(found)
        start, steps = found.following, steps + 1
        if start is None:
            break
        assert steps <= 24 / min(most, most_looked_at) + 24 / most_looked_at + 1
    condition = "true" if submitted_by is None else f"submitted_by = '{submitted_by}'"
    assert seen == expected(connection, condition)


def test_bounded_steps_find_all_of_the_named_ones_once(connection, mixed):
    wanted = [one.id for one in mixed[::2]]
    seen, start = [], None
    for _ in range(9):
        found = find_unfinished(connection, wanted, start=start, most=5)
        seen += ids(found)
        start = found.following
        if start is None:
            break
    assert seen == sorted(wanted)


@pytest.mark.parametrize("filters", [Filters(status=Status.QUEUED), Filters(lane=Lane.QUICK)])
def test_what_no_longer_matches_when_it_is_cancelled_is_left_alone(connection, filters):
    """It was found before a worker has claimed it, or moved it to the other lane."""
    one = queue(connection, lane=Lane.HEAVY)
    claim(connection, one)
    assert cancel_all(connection, [one], filters) == ({}, set())
    assert not stored(connection, one, "cancel_requested")


def test_locked_ones_are_left_and_the_others_are_cancelled_without_waiting(engine):
    with engine.begin() as connection:
        made = [queue(connection, n=n) for n in range(4)]
    with engine.begin() as relay, engine.begin() as connection:
        for one in made[:2]:
            change(relay, one, "published_at = now()")
        connection.execute(text("SET LOCAL lock_timeout = 1"))
        changed, locked = cancel_all(connection, made)
        assert set(changed) == {one.id for one in made[2:]}
        assert locked == {one.id for one in made[:2]}


def test_a_row_is_waited_for_no_longer_than_its_lock(engine):
    with engine.begin() as connection:
        one = queue(connection)
    with engine.begin() as other, engine.begin() as connection:
        change(other, one, "published_at = now()")
        assert not wait_until_unlocked(connection, one.id)
        other.rollback()
        assert wait_until_unlocked(connection, one.id)
