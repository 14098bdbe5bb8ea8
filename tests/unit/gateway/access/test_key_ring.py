"""What a process knows of keys: for how long it counts, and how often it is read."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import psycopg2
import pytest

from gateway.access import key_ring
from gateway.access.key_ring import KeyRing
from gateway.http.limits import FRESH_KEYS_SECONDS, MAX_KEYS_SECONDS
from shared.errors import KeyChecksBusy, KeyFault, StoreUnavailable, Unauthenticated
from shared.keys.api_key import NO_LIMITS, ApiKey
from shared.keys.credential import digest, new_credential, new_token
from shared.keys.scope import Scope
from shared.store.keys.access import Access, Session

PAUSE_SECONDS = 0.05

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shorter_pause(monkeypatch):
    monkeypatch.setattr(key_ring, "_PAUSE_SECONDS", PAUSE_SECONDS)


def stored(credential, **overrides):
    values = {
        "id": credential.id,
        "number": 1,
        "name": "shop",
        "secret_sha256": credential.sha256,
        "former_sha256": None,
        "former_until": None,
        "scopes": frozenset((Scope.READ,)),
        "created_at": NOW,
        "expires_at": None,
        "revoked_at": None,
        "last_used_on": None,
        "limits": NO_LIMITS,
    }
    return ApiKey(**{**values, **overrides})


class Store:
    """The keys in PostgreSQL, and what becomes of a query for them."""

    def __init__(self, *keys):
        self.keys = {key.id: key for key in keys}
        self.sessions = {}
        self.reads = 0
        self.error: Exception | None = None
        self.has_begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def add(self, key):
        self.keys[key.id] = key

    async def read(self):
        self.reads += 1
        self.has_begun.set()
        found = Access(NOW, dict(self.keys), dict(self.sessions))
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return found


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@asynccontextmanager
async def running(store, **options):
    ring = KeyRing(store.read, **options)
    task = asyncio.create_task(ring.run())
    try:
        async with asyncio.timeout(20):
            yield ring
    finally:
        task.cancel()


async def read_once(store, clock):
    """Return a ring that has read the store once, at the clock's time, and will not again."""
    async with running(store, clock=clock) as ring:
        with pytest.raises(Unauthenticated):
            await ring.caller_of(new_credential())  # waits for the first reading
    return ring


def fault_of(ring, credential):
    with pytest.raises(Unauthenticated) as refused:
        ring.find(credential)
    return refused.value.fault


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


def test_what_was_read_counts_for_20_seconds_and_is_for_caches_for_8():
    async def scenario():
        key, clock = new_credential(), Clock()
        ring = await read_once(Store(stored(key)), clock)
        began = clock.now
        caller = ring.find(key)
        seen = {}
        for seconds in (FRESH_KEYS_SECONDS, MAX_KEYS_SECONDS, MAX_KEYS_SECONDS + 0.001):
            clock.now = began + seconds
            seen[seconds] = (ring.is_fresh, ring.find(key) is not None, ring.is_current(caller))
        with pytest.raises(StoreUnavailable):
            ring.check_again(key)
        return seen

    assert (FRESH_KEYS_SECONDS, MAX_KEYS_SECONDS) == (8, 20)
    assert asyncio.run(scenario()) == {
        8: (True, True, True),
        20: (False, True, True),
        20.001: (False, False, False),
    }


def test_keys_sessions_and_former_secrets_end_by_postgresqls_clock_between_two_readings():
    async def scenario():
        expiring, session, new = new_credential(), digest(new_token()), new_credential()
        former = new_credential(new.id)
        until = NOW + timedelta(seconds=10)
        store = Store(
            stored(expiring, expires_at=until),
            stored(new, former_sha256=former.sha256, former_until=until),
        )
        store.sessions[session] = Session(new.id, until)
        clock = Clock()
        ring = await read_once(store, clock)
        clock.now += 9.9
        assert all(ring.find(one) for one in (expiring, session, new, former))
        clock.now += 0.1
        assert fault_of(ring, expiring) is KeyFault.EXPIRED
        assert ring.find(session) is None
        assert ring.find(former) is None
        assert ring.find(new) is not None

    asyncio.run(scenario())


def test_a_session_ends_with_its_key():
    async def scenario():
        key, tokens = new_credential(), [digest(new_token()), digest(new_token())]
        store = Store(stored(key, revoked_at=NOW))
        store.sessions = {
            tokens[0]: Session(key.id, NOW + timedelta(hours=1)),
            tokens[1]: Session("0" * 12, NOW + timedelta(hours=1)),  # its key is long gone
        }
        ring = await read_once(store, Clock())
        assert fault_of(ring, tokens[0]) is KeyFault.REVOKED
        assert ring.find(tokens[1]) is None

    asyncio.run(scenario())


def test_only_who_knows_the_secret_is_told_that_a_key_has_expired():
    async def scenario():
        key = new_credential()
        ring = await read_once(Store(stored(key, expires_at=NOW)), Clock())
        assert fault_of(ring, key) is KeyFault.EXPIRED
        assert ring.find(new_credential(key.id)) is None

    asyncio.run(scenario())


def test_a_key_is_due_to_be_noted_once_a_day():
    async def scenario():
        today, other = new_credential(), new_credential()
        store = Store(
            stored(today, last_used_on=NOW.date()), stored(other, last_used_on=date(2026, 11, 25))
        )
        clock = Clock()
        ring = await read_once(store, clock)
        used = (today.id, other.id, "0" * 12)
        assert ring.not_used_today(used) == {other.id}
        clock.now += 86_400
        assert ring.not_used_today(used) == {today.id, other.id}

    asyncio.run(scenario())


def test_a_warning_says_how_to_make_a_key_while_there_is_no_valid_one(caplog):
    async def scenario():
        clock = Clock()
        store = Store(stored(new_credential(), expires_at=NOW))
        for _ in range(2):
            await read_once(store, clock)
        async with running(store, clock=clock) as ring:
            with pytest.raises(Unauthenticated):
                await ring.caller_of(new_credential())
        store.add(stored(new_credential()))
        await read_once(store, clock)

    asyncio.run(scenario())
    messages = [record.getMessage() for record in caplog.records]
    # Once for each ring, though the last one has read the keys twice.
    assert [("reckoner key create" in message) for message in messages] == [True] * 3
