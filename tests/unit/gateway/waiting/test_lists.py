"""Lists that streams follow: who is told what, and how often a list is read."""

import asyncio
import contextlib
from unittest.mock import Mock

import pytest

from gateway.http.limits import MAX_PAGE_BYTES
from gateway.http.list_query import read_list_query
from gateway.http.page import Page
from gateway.waiting import lists as lists_module
from gateway.waiting.lists import ListEnded, Lists
from shared.errors import StoreUnavailable, TooManyLists

ALL = read_list_query({})
OTHER = read_list_query({"status": "queued"})


def page(*names, state="queued", following=None):
    return Page({name: f'{{"id": "{name}", "status": "{state}"}}' for name in names}, following)


class Reading:
    """Reads pages as a test sets them, and counts how often."""

    def __init__(self):
        self.page = page("a")
        self.failure: Exception | None = None
        self.count = 0
        self._has_read = asyncio.Event()
        self.queries: list[object] = []

    async def until(self, count):
        """Return once pages have been read so often."""
        while self.count < count:
            self._has_read.clear()
            await self._has_read.wait()

    async def read(self, query):
        self.count += 1
        self._has_read.set()
        self.queries.append(query)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.page


def run(scenario, **seconds):
    """Run a scenario with lists whose ticks take ten minutes, unless it says otherwise."""
    reading = Reading()
    lists = Lists(reading.read, **({"least_seconds": 0.0, "tick_seconds": 600.0} | seconds))

    async def main():
        task = asyncio.create_task(lists.run())
        try:
            return await asyncio.wait_for(scenario(lists, reading), 30)
        finally:
            task.cancel()

    return asyncio.run(main())


def test_equal_streams_share_one_reading_and_the_last_ends_it():
    async def scenario(lists, reading):
        with lists.follow(ALL) as one, lists.follow(ALL) as two:
            assert await one.next_page(20) is await two.next_page(20) is reading.page
            with lists.follow(ALL) as three:  # has the page at once
                assert await three.next_page(0) is reading.page
            assert (reading.count, lists.streams) == (1, 2)
        lists.mark_changed()
        await asyncio.sleep(0)
        assert (reading.count, lists.streams) == (1, 0)

    run(scenario)


def test_a_change_is_read_once_however_many_are_notified_and_new_ones_by_the_tick():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            first = await follower.next_page(20)
            reading.page = page("a", state="running")
            for _ in range(100):
                lists.mark_changed()
            second = await follower.next_page(20)
            assert second.changes_since(first) is not None
            assert reading.count == 2

    run(scenario)
    run(scenario, least_seconds=0.01)


def test_of_many_changes_in_a_second_one_is_looked_at():
    """Each notification would otherwise cost the process a look at all lists."""

    async def scenario(lists, reading):
        lists._next = Mock(side_effect=lists._next)
        with lists.follow(ALL) as follower:
            await follower.next_page(20)
            for _ in range(50):
                lists.mark_changed()
                await asyncio.sleep(0.001)
            assert reading.count == 1
            return lists._next.call_count

    assert run(scenario, least_seconds=600.0) <= 4


def test_what_nobody_notifies_is_found_by_the_tick():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            await follower.next_page(20)
            reading.page = page("b", "a")
            return await follower.next_page(20)

    assert run(scenario, tick_seconds=0.01).text.count('"id"') == 2


def test_nobody_is_woken_by_a_page_that_is_as_before():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            shown = await follower.next_page(20)
            reading.page = page("a")
            lists.mark_changed()
            await reading.until(2)
            assert (await follower.next_page(0.02)).changes_since(shown) is None

    run(scenario)


def test_the_first_page_of_a_list_does_not_wait_for_other_lists():
    """They are read again and again, with a rest as long as each reading has taken."""

    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            await follower.next_page(20)
            lists._rest_until = asyncio.get_running_loop().time() + 600
            with lists.follow(OTHER) as other:
                await other.next_page(20)
            lists.mark_changed()
            await asyncio.sleep(0.02)
            assert reading.queries == [ALL, OTHER]

    run(scenario)


def test_whoever_opens_one_list_after_the_other_does_not_stop_those_of_others():
    """Each first page takes a while, and another is asked for before it is there."""

    async def scenario(lists, reading):
        with contextlib.ExitStack() as opened, lists.follow(ALL) as follower:
            shown = await follower.next_page(20)

            async def read_and_open_another(query):
                if query != ALL:
                    another = read_list_query({"limit": f"{reading.count}"})
                    opened.enter_context(lists.follow(another))
                await asyncio.sleep(0.001)
                return await Reading.read(reading, query)

            lists._read = read_and_open_another
            opened.enter_context(lists.follow(OTHER))
            reading.page = page("a", state="running")
            lists.mark_changed()
            assert (await follower.next_page(20)).changes_since(shown) is not None

    run(scenario)


def test_without_a_first_page_the_stream_raises_and_the_next_tries_again():
    async def scenario(lists, reading):
        reading.failure = StoreUnavailable()
        with lists.follow(ALL) as follower, pytest.raises(StoreUnavailable):
            await follower.next_page(20)
        reading.failure = None
        with lists.follow(ALL) as follower:
            assert await follower.next_page(20) is reading.page

    run(scenario)


def test_a_short_outage_is_not_noticed_and_a_long_one_ends_the_streams():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            await follower.next_page(20)
            reading.failure = StoreUnavailable()
            lists.mark_changed()
            await reading.until(3)
            reading.failure, reading.page = None, page("b")
            assert (await follower.next_page(20)) is reading.page
            reading.failure = StoreUnavailable()
            lists._away_seconds = 0.0
            with pytest.raises(ListEnded):
                await follower.next_page(20)

    run(scenario, tick_seconds=0.01, away_seconds=600.0)


def test_a_bug_ends_the_streams_of_its_list():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            reading.failure = ZeroDivisionError()
            with pytest.raises(ZeroDivisionError):
                await follower.next_page(20)
        assert lists.streams == 0

    run(scenario)


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_FOLLOWED_BYTES", MAX_PAGE_BYTES + 1), ("MAX_FOLLOWED_LISTS", 2)]
)
def test_lists_that_would_hold_too_much_or_are_too_many_are_refused(monkeypatch, limit, value):
    monkeypatch.setattr(lists_module, limit, value)

    async def scenario(lists, reading):
        with lists.follow(ALL), lists.follow(OTHER):
            with pytest.raises(TooManyLists), lists.follow(read_list_query({"lane": "heavy"})):
                pass
            with lists.follow(ALL):  # an equal one holds nothing more
                pass

    run(scenario)


def test_pages_that_slow_streams_keep_count_as_well(monkeypatch):
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            reading.page = page("a" * 1_000)
            kept = [await follower.next_page(20)]
            for name in "bc":
                reading.page = page(name * 1_000)
                lists.mark_changed()
                kept.append(await follower.next_page(20))
            monkeypatch.setattr(lists_module, "MAX_FOLLOWED_BYTES", 2_500)
            with pytest.raises(TooManyLists), lists.follow(OTHER):
                pass
            del kept[:2]
            with lists.follow(OTHER):
                pass

    run(scenario)


def test_documents_that_are_as_before_are_in_memory_once():
    async def scenario(lists, reading):
        with lists.follow(ALL) as follower:
            first = await follower.next_page(20)
            reading.page = page("a", "b")
            lists.mark_changed()
            second = await follower.next_page(20)
            assert first is not second
            return [list(one.parts())[1] for one in (first, second)]

    first, second = run(scenario)
    assert first == second
    assert first is second
