"""Digits on their way into the store: each chunk once, under its number, and none afterwards."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from shared.errors import LeaseLost
from tests.eventually import eventually
from workers.heavy.chunks import _BATCH_CHUNKS, CONCURRENT_WRITES, ChunkWriter


class Store:
    """Notes what it is given, and can be held up."""

    def __init__(self) -> None:
        self.stored: dict[int, bytes] = {}
        self.at_once = 0
        self.most_at_once = 0
        self.open = threading.Event()
        self.open.set()
        self._lock = threading.Lock()

    def __call__(self, first_ordinal: int, chunks: Sequence[bytes]) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.open.wait(10)
        with self._lock:
            for ordinal, chunk in enumerate(chunks, first_ordinal):
                assert ordinal not in self.stored
                self.stored[ordinal] = chunk
            self.at_once -= 1


def write_all(store: Any, count: int, lost: LeaseLost | None = None) -> None:
    """Write as an attempt does, to the end or until its lease is lost."""
    with ChunkWriter(store) as writer:
        for chunk in numbered(count):
            writer.add(chunk)
        if lost is not None:
            raise lost
        writer.finish()


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 41])
def test_each_chunk_is_stored_once_under_its_number(count):
    store = Store()
    with ChunkWriter(store) as writer:
        for chunk in numbered(count):
            writer.add(chunk)
        writer.finish()
        assert store.stored == dict(enumerate(numbered(count)))  # before it is left


def test_who_adds_faster_than_is_stored_waits():
    store, added = Store(), threading.Semaphore(0)
    store.open.clear()

    def add_all() -> None:
        with ChunkWriter(store) as writer:
            for chunk in numbered(40):
                writer.add(chunk)
                added.release()
            writer.finish()

    adding = threading.Thread(target=add_all)
    adding.start()
    eventually(lambda: store.at_once == CONCURRENT_WRITES)
    count = 0
    while added.acquire(timeout=0.3):
        count += 1
    # It holds one batch more than are written at once, and the last chunk of that waits.
    assert count == (CONCURRENT_WRITES + 1) * _BATCH_CHUNKS - 1
    store.open.set()
    adding.join(10)
    assert store.stored == dict(enumerate(numbered(40)))
    assert store.most_at_once == CONCURRENT_WRITES


def test_what_storing_raises_reaches_the_one_who_adds():
    def refuse(_first: int, _chunks: Sequence[bytes]) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_all(refuse, 40)
    with pytest.raises(OSError, match="full"):
        write_all(refuse, 1)


def test_nothing_is_written_any_more_once_it_is_left():
    store = Store()
    store.open.clear()
    leaving = threading.Timer(0.2, store.open.set)
    leaving.start()
    with pytest.raises(LeaseLost):
        write_all(store, 5, LeaseLost("gone"))
    assert store.at_once == 0
    assert store.stored == dict(enumerate(numbered(4)))
