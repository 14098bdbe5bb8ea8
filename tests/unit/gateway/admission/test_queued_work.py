"""The queued work between two sums: nothing is forgotten, and nothing counts twice for long."""

import asyncio
import math
import time
from contextlib import suppress
from typing import Any

import pytest

from gateway.admission.charges import charge_of
from gateway.admission.queued_work import QueuedWork, Snapshot
from shared.calculation import Lane
from shared.store.totals.queued_work import CLASS_BOUNDS, NOTHING, Group, Sums, group_of
from tests.factories import make_calculation

ONE = Group(Lane.QUICK, 0)


class Sum:
    """Stands in for the database: each sum ends when the test says, with what it says."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[Snapshot | Exception] = asyncio.Queue()

    async def run_transaction(self, _use_case):
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_work() -> tuple[QueuedWork, Sum]:
    database: Any = Sum()
    return QueuedWork(database), database


def stored(count, key="a"):
    return {key: {ONE: Sums(count, count * 2.0, count * 3.0)}}


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr("gateway.admission.queued_work.FRESH_SECONDS", 0.0)
    monkeypatch.setattr("gateway.admission.queued_work.MAX_SHARE", math.inf)
    monkeypatch.setattr("gateway.admission.queued_work.URGENT_SHARE", math.inf)


def charge(count=1, key="a"):
    made = [
        make_calculation(arguments={"n": n}, charged_seconds=2.0, charged_bytes=3)
        for n in range(count)
    ]
    return charge_of(key, made)


async def refresh(work, database, answer, *, began=None):
    """End a sum that began at this moment, or just now."""
    if not isinstance(answer, Exception):
        answer = Snapshot(time.monotonic() if began is None else began, answer)
    database.answers.put_nowait(answer)
    await work.refresh()


def test_what_was_stored_before_a_sum_began_counts_once(no_pause):
    async def main():
        work, database = make_work()
        await refresh(work, database, stored(5))
        with work.adding(charge(2)):
            assert work.total_of("a") == Sums(7, 14.0, 21.0)
        assert work.total == Sums(7, 14.0, 21.0)
        await refresh(work, database, stored(7))
        assert work.total == work.total_of("a") == Sums(7, 14.0, 21.0)
        await refresh(work, database, {})
        assert work.total == NOTHING

    asyncio.run(main())


def test_what_is_stored_while_a_sum_is_formed_counts_until_the_next(no_pause):
    async def main():
        work, database = make_work()
        await refresh(work, database, {})
        began = time.monotonic()
        with work.adding(charge(2)):
            pass
        await refresh(work, database, {}, began=began)
        assert work.total == Sums(2, 4.0, 6.0)
        await refresh(work, database, stored(2))
        assert work.total == Sums(2, 4.0, 6.0)

    asyncio.run(main())


def test_what_is_being_stored_counts_beside_a_sum_that_does_not_contain_it(no_pause):
    async def main():
        work, database = make_work()
        with work.adding(charge(2)):
            await refresh(work, database, stored(1))
            assert work.total == Sums(3, 6.0, 9.0)
            await refresh(work, database, stored(1))
            assert work.total == Sums(3, 6.0, 9.0)
        await refresh(work, database, stored(3))
        assert work.total == Sums(3, 6.0, 9.0)

    asyncio.run(main())


def test_what_existed_counts_no_longer_than_it_took_to_find_out(no_pause):
    async def main():
        work, database = make_work()
        await refresh(work, database, stored(1))
        with work.adding(charge(3)) as addition:
            assert work.total.calculations == 4
            addition.stored = charge(1)
        assert work.total == work.total_of("a") == Sums(2, 4.0, 6.0)
        with work.adding(charge(3)) as addition:
            addition.stored = None
        assert work.total == Sums(2, 4.0, 6.0)
        assert work.of("a") == {ONE: Sums(2, 4.0, 6.0)}

    asyncio.run(main())


def test_what_may_have_been_stored_counts_until_it_must_be_seen(no_pause):
    async def main():
        work, database = make_work()
        await refresh(work, database, {})
        with pytest.raises(asyncio.CancelledError), work.adding(charge(3)):
            raise asyncio.CancelledError
        await refresh(work, database, {})
        assert work.total.calculations == 3
        await refresh(work, database, {}, began=time.monotonic() + 11)
        assert work.total == NOTHING

    asyncio.run(main())


def test_an_empty_charge_counts_nothing_unless_something_was_stored_after_all(no_pause):
    async def main():
        work, database = make_work()
        empty = charge_of("a", [])
        with work.adding(empty) as addition:
            addition.stored = None
        with work.adding(empty):
            pass
        assert (work.total, work.of("a")) == (NOTHING, {})
        with work.adding(empty) as addition:
            addition.stored = charge(2)
        assert work.total_of("a") == Sums(2, 4.0, 6.0)
        await refresh(work, database, {})
        assert work.total == NOTHING

    asyncio.run(main())


def test_additions_do_not_pile_up_while_there_is_no_sum(no_pause, monkeypatch):
    """PostgreSQL may be away for hours, and clients try again and again."""
    monkeypatch.setattr("gateway.admission.queued_work._MOST_ADDED", 10)
    monkeypatch.setattr("gateway.admission.queued_work._UNKNOWN_SECONDS", 0.0)

    async def main():
        work, database = make_work()
        for n in range(1_000):
            with suppress(ZeroDivisionError), work.adding(charge(1, f"key{n % 3}")):
                if n % 2:
                    raise ZeroDivisionError
        assert len(work._added) < 50
        assert work.total == Sums(1_000, 2_000.0, 3_000.0)
        assert work.total_of("key0").calculations == 334
        began = time.monotonic()
        with work.adding(charge(1, "key0")):
            pass
        await refresh(work, database, {}, began=began)
        assert work.total == work.total_of("key0") == Sums(1, 2.0, 3.0)

    asyncio.run(main())


def test_what_is_merged_counts_no_longer_than_until_the_sum_that_contains_it(no_pause, monkeypatch):
    monkeypatch.setattr("gateway.admission.queued_work._MOST_ADDED", 10)

    async def main():
        work, database = make_work()
        await refresh(work, database, {})
        for _ in range(9):
            with work.adding(charge(1)):
                pass
        work._sum_began = time.monotonic()  # as the thread does that forms the sum
        for _ in range(9):
            with work.adding(charge(1)):
                pass
        await refresh(work, database, stored(9), began=work._sum_began)
        assert work.total.calculations == 18

    asyncio.run(main())


def test_keys_count_apart_and_together(no_pause):
    async def main():
        work, database = make_work()
        assert not work.is_known
        await refresh(work, database, stored(2) | stored(3, "b") | stored(1, None))
        assert work.is_known
        assert work.total == Sums(6, 12.0, 18.0)
        assert work.total_of("b") == Sums(3, 6.0, 9.0)
        assert work.total_of(None) == Sums(1, 2.0, 3.0)
        assert work.total_of("c") == NOTHING
        assert (work.active_keys(Lane.QUICK), work.active_keys(Lane.HEAVY)) == (3, 0)

    asyncio.run(main())


def test_a_sum_that_fails_leaves_the_former_one(no_pause):
    async def main():
        work, database = make_work()
        await refresh(work, database, stored(2))
        with work.adding(charge(1)):
            pass
        with pytest.raises(ZeroDivisionError):
            await refresh(work, database, ZeroDivisionError())
        assert work.total.calculations == 3

    asyncio.run(main())


def test_classes_are_powers_of_two_of_the_charged_seconds():
    assert group_of(Lane.HEAVY, 0.0) == group_of(Lane.HEAVY, 0.06) == Group(Lane.HEAVY, 0)
    assert group_of(Lane.HEAVY, 0.0625) == group_of(Lane.HEAVY, 0.124) == Group(Lane.HEAVY, 1)
    classes = [group_of(Lane.HEAVY, 2.0**n).seconds_class for n in range(-4, 27)]
    assert classes == list(range(1, len(CLASS_BOUNDS) + 1))
    assert group_of(Lane.HEAVY, 1e12).seconds_class == len(CLASS_BOUNDS)
    assert group_of(Lane.QUICK, 5.0) == Group(Lane.QUICK, 0)


def test_a_charge_is_the_estimate_or_what_replaces_it():
    plain = make_calculation(arguments={"n": 10**8}, lane=Lane.HEAVY)
    other = make_calculation(arguments={"n": 10}, charged_seconds=7.0, charged_bytes=11)
    charged = charge_of("a", [plain, other])
    assert plain.estimate is not None
    assert charged.total == Sums(2, plain.estimate.seconds + 7.0, (plain.estimate.digits or 0) + 11)
    assert len(charged.groups) == 2
