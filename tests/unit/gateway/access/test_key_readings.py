"""How often keys are read, who waits for it, and what is answered if they cannot be read."""

import asyncio

import psycopg2
import pytest

from gateway.access import key_ring
from gateway.access.key_ring import KeyRing
from gateway.http.limits import MAX_KEYS_SECONDS
from shared.errors import KeyChecksBusy, StoreUnavailable, Unauthenticated
from shared.keys.credential import new_credential
from tests.unit.gateway.access.rings import Clock, Store, running, stored

PAUSE_SECONDS = 0.05


@pytest.fixture(autouse=True)
def shorter_pause(monkeypatch):
    monkeypatch.setattr(key_ring, "_PAUSE_SECONDS", PAUSE_SECONDS)


def test_a_key_that_is_made_while_keys_are_read_is_found_by_the_next_reading():
    async def scenario():
        store = Store()
        store.may_answer.clear()
        async with running(store) as ring:
            await store.has_begun.wait()
            key = new_credential()  # too late for the query that is under way
            store.add(stored(key))
            waiting = asyncio.create_task(ring.caller_of(key))
            await asyncio.sleep(0)
            store.may_answer.set()
            return (await waiting).name, store.reads

    assert asyncio.run(scenario()) == ("shop", 2)


def test_unknown_keys_are_refused_after_a_few_shared_readings_however_many_they_are():
    async def guess(ring, times):
        for _ in range(times):
            with pytest.raises(Unauthenticated):
                await ring.caller_of(new_credential())

    async def scenario():
        good = new_credential()
        store = Store(stored(good))
        async with running(store) as ring:
            await ring.caller_of(good)
            loop = asyncio.get_running_loop()
            before, began = store.reads, loop.time()
            guesses = asyncio.gather(*(guess(ring, 2) for _ in range(200)))
            await asyncio.sleep(0)
            # Who has the right key does not wait: it is found in what is known.
            assert ring.find(good) is not None
            await guesses
            return store.reads - before, loop.time() - began

    reads, seconds = asyncio.run(scenario())
    assert 2 <= reads <= seconds / PAUSE_SECONDS + 1


def test_no_more_than_a_bounded_number_wait_and_the_others_are_told_to_retry(monkeypatch):
    monkeypatch.setattr(key_ring, "MAX_KEY_CHECKS", 3)

    async def scenario():
        good = new_credential()
        store = Store(stored(good))
        async with running(store) as ring:
            await ring.caller_of(good)
            store.may_answer.clear()
            unknown = [new_credential() for _ in range(4)]
            waiting = [asyncio.create_task(ring.caller_of(one)) for one in unknown[:3]]
            await asyncio.sleep(0)
            with pytest.raises(KeyChecksBusy):
                await ring.caller_of(unknown[3])
            assert (await ring.caller_of(good)).name == "shop"
            store.may_answer.set()
            answers = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(answer) for answer in answers] == [Unauthenticated] * 3
            with pytest.raises(Unauthenticated):  # there is room again
                await ring.caller_of(unknown[3])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "error", [StoreUnavailable(), psycopg2.errors.UndefinedTable("no table")], ids=type
)
def test_while_keys_cannot_be_read_no_key_is_called_wrong(error):
    async def scenario():
        key = new_credential()
        store = Store(stored(key))
        store.error = error
        async with running(store) as ring:
            with pytest.raises(StoreUnavailable):
                await ring.caller_of(key)
            store.error = None
            return (await ring.caller_of(key)).name

    assert asyncio.run(scenario()) == "shop"


def test_a_reading_that_fails_while_keys_are_known_calls_no_key_wrong():
    async def scenario():
        known, new = new_credential(), new_credential()
        store = Store(stored(known))
        async with running(store) as ring:
            await ring.caller_of(known)
            store.add(stored(new, name="new"))
            store.error = StoreUnavailable()
            with pytest.raises(StoreUnavailable):
                await ring.caller_of(new)
            assert ring.find(known) is not None

    asyncio.run(scenario())


def test_who_waits_for_a_postgresql_that_hangs_is_answered(monkeypatch):
    monkeypatch.setattr(key_ring, "MAX_KEY_CHECK_SECONDS", 0.05)

    async def scenario():
        store = Store()
        store.may_answer.clear()
        async with running(store) as ring:
            with pytest.raises(StoreUnavailable):
                await ring.caller_of(new_credential())

    asyncio.run(scenario())


def test_keys_that_were_read_too_slowly_call_no_key_wrong():
    async def scenario():
        key, clock = new_credential(), Clock()
        store = Store(stored(key))

        async def read_slowly():
            found = await store.read()
            clock.now += MAX_KEYS_SECONDS + 1
            return found

        ring = KeyRing(read_slowly, clock=clock)
        task = asyncio.create_task(ring.run())
        with pytest.raises(StoreUnavailable):
            await ring.caller_of(key)
        task.cancel()

    asyncio.run(scenario())
