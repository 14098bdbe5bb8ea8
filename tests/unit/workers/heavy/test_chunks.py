"""Chunks on their way into the store: each once, under its ordinal, and none afterwards."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from shared.errors import LeaseLost
from tests.eventually import eventually
from workers.heavy.chunks import _BATCH_CHUNKS, CONCURRENT_WRITES, ChunkWriter


class Store:
    """Records what it is given, and can be blocked."""

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
def test_each_chunk_is_stored_once_under_its_ordinal(count):
    store = Store()
    with ChunkWriter(store) as writer:
        for chunk in numbered(count):
            writer.add(chunk)
        writer.finish()
        assert store.stored == dict(enumerate(numbered(count)))  # before the block is left


def test_adding_waits_for_storing():
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
    # It holds one batch more than it writes at once, and adding the last chunk of that waits.
    for _ in range((CONCURRENT_WRITES + 1) * _BATCH_CHUNKS - 1):
        assert added.acquire(timeout=10)
    assert not added.acquire(timeout=0.3)
    store.open.set()
    adding.join(10)
    assert store.stored == dict(enumerate(numbered(40)))
    assert store.most_at_once == CONCURRENT_WRITES


def test_what_storing_raises_is_raised_by_adding_or_finishing():
    def refuse(_first: int, _chunks: Sequence[bytes]) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_all(refuse, 40)
    with pytest.raises(OSError, match="full"):
        write_all(refuse, 1)


def test_nothing_is_written_after_the_block_is_left():
    store = Store()
    store.open.clear()

    def open_once_it_writes() -> None:
        eventually(lambda: store.at_once)
        time.sleep(0.2)  # in which it would leave the block if it did not wait
        store.open.set()

    opening = threading.Thread(target=open_once_it_writes)
    opening.start()
    with pytest.raises(LeaseLost):
        write_all(store, 5, LeaseLost("gone"))
    assert store.at_once == 0
    opening.join()
    assert store.stored == dict(enumerate(numbered(4)))
