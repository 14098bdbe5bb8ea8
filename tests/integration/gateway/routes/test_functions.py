"""GET /functions: `accepted_maximum` is what the server really accepts."""

import asyncio
import json
from dataclasses import replace

import pytest

from tests.asgi import serving


def submission(name, size):
    return json.dumps({"function": name, "arguments": {"n": size}}).encode()


@pytest.mark.parametrize("memory_limit_bytes", [200_000_000, 4 * 2**30, 20 * 2**30])
def test_accepted_maximum_is_the_largest_that_is_accepted(
    store_settings, registry, memory_limit_bytes
):
    settings = replace(store_settings, memory_limit_bytes=memory_limit_bytes)

    async def scenario():
        async with serving(settings, registry) as client:
            catalogue = (await client.ask("GET", "/functions")).json()["functions"]
            for function in catalogue:
                bounds = function["bounds"]["n"]
                largest = bounds["accepted_maximum"]
                assert largest <= bounds["maximum"]
                taken = submission(function["name"], largest)
                refused = submission(function["name"], largest + 1)
                assert (await client.ask("POST", "/calculations", body=taken)).status == 202
                assert (await client.ask("POST", "/calculations", body=refused)).status == 422
            return catalogue

    assert len(asyncio.run(scenario())) >= 2


def test_accepted_maximum_is_null_where_nothing_is_accepted(store_settings, registry):
    settings = replace(store_settings, memory_limit_bytes=1)

    async def scenario():
        async with serving(settings, registry) as client:
            return (await client.ask("GET", "/functions")).json()["functions"]

    for function in asyncio.run(scenario()):
        assert function["bounds"]["n"]["accepted_maximum"] is None
