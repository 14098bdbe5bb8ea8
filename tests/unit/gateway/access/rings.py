"""Rings whose keys and clock a test sets."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from gateway.access.key_ring import KeyRing
from shared.errors import Unauthenticated
from shared.keys.api_key import NO_LIMITS, ApiKey
from shared.keys.credential import new_credential
from shared.keys.scope import Scope
from shared.store.keys.access import Access

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)


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
