"""When a key is valid: from when on, until when, and however its header is written."""

import asyncio

import pytest

from tests.asgi import serving
from tests.integration.gateway.access.key_rows import (
    bearer,
    make_key,
    revoke,
    rotate,
)


@pytest.mark.usefixtures("frequent_refresh")
def test_both_secrets_of_a_rotated_key_are_valid_and_then_one(engine, keyed, registry):
    key = make_key(engine)

    async def scenario():
        async with serving(keyed, registry) as client:

            async def status(credential):
                answer = await client.ask("GET", "/functions", authorization=bearer(credential))
                return answer.status

            assert await status(key) == 200
            new = rotate(engine, key, former_seconds=60)
            both = [await status(new), await status(key)]
            newest = rotate(engine, key, former_seconds=-1)
            return both, [await status(newest), await status(new), await status(key)]

    assert asyncio.run(scenario()) == ([200, 200], [200, 401, 401])


def test_a_key_works_as_soon_as_it_exists(engine, keyed, registry):
    async def scenario():
        async with serving(keyed, registry) as client:
            assert (await client.ask("GET", "/functions")).status == 401
            key = make_key(engine)
            return await client.ask("GET", "/functions", authorization=bearer(key))

    assert asyncio.run(scenario()).status == 200


def test_the_scheme_may_be_written_in_any_case(engine, keyed, registry):
    key = make_key(engine)

    async def scenario():
        async with serving(keyed, registry) as client:
            return await client.ask("GET", "/functions", authorization=f"bearer  {key.text}")

    assert asyncio.run(scenario()).status == 200


@pytest.mark.usefixtures("frequent_refresh")
def test_a_revoked_key_is_refused_after_the_next_refresh(engine, keyed, registry):
    key = make_key(engine)

    async def scenario():
        async with serving(keyed, registry) as client, asyncio.timeout(20):
            first = await client.ask("GET", "/functions", authorization=bearer(key))
            revoke(engine, key)
            last = first
            while last.status == 200:
                await asyncio.sleep(0.001)  # the request itself awaits nothing
                last = await client.ask("GET", "/functions", authorization=bearer(key))
            return first, last

    first, last = asyncio.run(scenario())
    assert (first.status, last.status) == (200, 401)
