"""What a process knows of keys, and for how long it counts."""

import asyncio
from datetime import date, timedelta

import pytest

from gateway.http.limits import FRESH_KEYS_SECONDS, MAX_KEYS_SECONDS
from shared.errors import KeyFault, StoreUnavailable, Unauthenticated
from shared.keys.credential import digest, new_credential, new_token
from shared.store.keys.access import Session
from tests.unit.gateway.access.rings import NOW, Clock, Store, fault_of, read_once, running, stored


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
