"""Lists that event streams follow, and the one task that reads them.

Equal streams follow one list. Each list is read at most once a second, one after the other, and
only while somebody follows it: when a notification says that any calculation has changed, and
every few seconds, as new ones are not notified.
"""

import asyncio
import math
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from gateway.http.limits import MAX_FOLLOWED_BYTES, MAX_FOLLOWED_LISTS, MAX_PAGE_BYTES
from gateway.http.list_query import ListQuery
from gateway.http.page import Page
from gateway.waiting.waiters import until_set
from shared.errors import StoreUnavailable, TooManyLists

_LEAST_SECONDS = 1.0
_TICK_SECONDS = 2.0

#: A list that cannot be read for this long ends its streams: who connects again is told why.
_AWAY_SECONDS = 10.0

_MOST_IDLE_SECONDS = 60.0

#: Followers that are woken before other tasks get their turn: each of them writes a response.
_MAX_WOKEN = 20


class ListEnded(Exception):
    """Raised when a list can no longer be followed."""


class Follower:
    """One stream that follows a list."""

    def __init__(self, followed: "_Followed") -> None:
        self._followed = followed
        self._news = asyncio.Event()
        followed.followers.add(self)
        if followed.page is not None:
            self.wake()

    async def next_page(self, seconds: float) -> Page | None:
        """Return the page once it may have changed, or None after this time.

        Raises what the first reading raised, or ListEnded.
        """
        await until_set(self._news, seconds)
        self._news.clear()
        if self._followed.failure is not None:
            raise self._followed.failure.with_traceback(None)
        return self._followed.page

    def wake(self) -> None:
        """Let the stream look at its list."""
        self._news.set()


class _Followed:
    """A list that is followed, its latest page, and when it is read again."""

    def __init__(self, query: ListQuery, now: float) -> None:
        self.query = query
        self.followers: set[Follower] = set()
        self.page: Page | None = None
        self.failure: Exception | None = None
        #: When it was read last; before that, since when it is followed.
        self.read_at = now
        #: How many changes had been notified when it was read.
        self.changes_seen = -1
        self.away_since: float | None = None


class Lists:
    """All lists that are followed in a gateway process."""

    def __init__(
        self,
        read: Callable[[ListQuery], Awaitable[Page]],
        *,
        least_seconds: float = _LEAST_SECONDS,
        tick_seconds: float = _TICK_SECONDS,
        away_seconds: float = _AWAY_SECONDS,
    ) -> None:
        """Take how to read a page, which may raise StoreUnavailable."""
        self._read = read
        self._least_seconds = least_seconds
        self._tick_seconds = tick_seconds
        self._away_seconds = away_seconds
        self._lists: dict[ListQuery, _Followed] = {}
        #: Those that are in memory: a stream whose client reads slowly keeps an earlier one.
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        #: How many changes have been notified.
        self._changes = 0
        self._is_any_unchanged = False
        self._wake = asyncio.Event()
        self._rest_until = -math.inf

    @property
    def streams(self) -> int:
        """How many streams follow a list."""
        return sum(len(followed.followers) for followed in self._lists.values())

    @contextmanager
    def follow(self, query: ListQuery) -> Iterator[Follower]:
        """Follow a list. Raises TooManyLists."""
        followed = self._lists.get(query)
        if followed is None:
            self._refuse_too_many()
            now = asyncio.get_running_loop().time()
            followed = self._lists[query] = _Followed(query, now)
            self._wake.set()
        follower = Follower(followed)
        try:
            yield follower
        finally:
            followed.followers.discard(follower)
            if not followed.followers:
                self._forget(followed)

    def _refuse_too_many(self) -> None:
        unread = sum(one.page is None for one in self._lists.values())
        length = unread * MAX_PAGE_BYTES + sum(page.length for page in self._pages)
        if len(self._lists) >= MAX_FOLLOWED_LISTS or length >= MAX_FOLLOWED_BYTES:
            raise TooManyLists

    def mark_changed(self) -> None:
        """Have all lists read soon: any calculation has changed."""
        self._changes += 1
        if self._is_any_unchanged:  # else a change brings nothing forward: they are due already
            self._wake.set()

    async def run(self) -> NoReturn:
        """Read what is due, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            due_at, followed = self._next()
            if followed is not None and due_at <= loop.time():
                await self._update(followed)
            else:
                await until_set(self._wake, min(due_at - loop.time(), _MOST_IDLE_SECONDS))

    def _next(self) -> tuple[float, _Followed | None]:
        """Return the list that is due first, and when.

        First pages are due in the order in which they are asked for, and do not wait for the rest.
        """
        found: _Followed | None = None
        first = math.inf
        self._is_any_unchanged = False
        for followed in self._lists.values():
            due_at = followed.read_at
            if followed.page is not None:
                is_changed = followed.changes_seen != self._changes
                self._is_any_unchanged |= not is_changed
                due_at += self._least_seconds if is_changed else self._tick_seconds
                due_at = max(due_at, self._rest_until)
            if due_at < first:
                first, found = due_at, followed
        return first, found

    async def _update(self, followed: _Followed) -> None:
        loop = asyncio.get_running_loop()
        followed.changes_seen = self._changes
        is_first = followed.page is None
        began = loop.time()
        try:
            page = await self._read(followed.query)
        except StoreUnavailable as error:
            self._note_outage(followed, error, loop.time())
            return
        except Exception as error:  # a bug: their streams must not wait for ever
            self._end(followed, error if is_first else ListEnded())
            raise
        finally:
            followed.read_at = loop.time()
            if not is_first:
                # However many lists there are, reading them again takes at most half of the time of
                # one connection. First pages do not count: many of them would put it off for ever.
                self._rest_until = followed.read_at + (followed.read_at - began)
        followed.away_since = None
        if followed.page is None or page.changes_since(followed.page) is not None:
            if followed.page is not None:
                page.share_texts_with(followed.page)
            followed.page = page
            self._pages.add(page)
            await self._wake_followers(followed)

    async def _wake_followers(self, followed: _Followed) -> None:
        for number, follower in enumerate(tuple(followed.followers), 1):
            follower.wake()
            if number % _MAX_WOKEN == 0:
                await asyncio.sleep(0)

    def _note_outage(self, followed: _Followed, error: StoreUnavailable, now: float) -> None:
        if followed.away_since is None:
            followed.away_since = now
        if followed.page is None:
            self._end(followed, error)
        elif now - followed.away_since >= self._away_seconds:
            self._end(followed, ListEnded())

    def _end(self, followed: _Followed, failure: Exception) -> None:
        followed.failure = failure
        self._forget(followed)
        for follower in followed.followers:
            follower.wake()

    def _forget(self, followed: _Followed) -> None:
        if self._lists.get(followed.query) is followed:
            del self._lists[followed.query]
