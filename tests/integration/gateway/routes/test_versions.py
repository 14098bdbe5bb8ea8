"""A function whose version was raised: its old results stay, and a submission is of the new one."""

import asyncio
import dataclasses
import json

from shared.functions.registry import Registry
from tests.asgi import serving

ONE = json.dumps({"function": "fibonacci", "arguments": {"n": 30}}).encode()
JSON = {"content_type": "application/json"}


def later(registry, *, has_function=True):
    """Return what a gateway has once the package is a version further, or removed."""
    others = [one for one in registry if one.name != "fibonacci"]
    function = registry.get("fibonacci")
    raised = dataclasses.replace(function, version=function.version + 1)
    return Registry([*others, raised] if has_function else others)


def test_old_results_are_listed_and_read_and_a_submission_is_of_the_new_version(
    store_settings, registry
):
    async def main():
        async with serving(store_settings, registry) as client:
            old = (await client.ask("POST", "/calculations", body=ONE, **JSON)).json()
        async with serving(store_settings, later(registry)) as client:
            new = (await client.ask("POST", "/calculations", body=ONE, **JSON)).json()
            listed = (await client.ask("GET", "/calculations?function=fibonacci")).json()
            read = await client.ask("GET", f"/calculations/{old['id']}")
            result = await client.ask("GET", f"/calculations/{old['id']}/result")
        return old, new, listed, read, result

    old, new, listed, read, result = asyncio.run(main())
    assert (old["version"], new["version"]) == (1, 2)
    assert old["id"] != new["id"]
    assert [one["id"] for one in listed["calculations"]] == [new["id"], old["id"]]
    assert (read.status, read.json()) == (200, old)
    assert (result.status, result.body.strip()) == (200, b"832040")


def test_results_of_a_function_that_nobody_has_any_more_are_read(store_settings, registry):
    async def main():
        async with serving(store_settings, registry) as client:
            old = (await client.ask("POST", "/calculations", body=ONE, **JSON)).json()
        async with serving(store_settings, later(registry, has_function=False)) as client:
            read = await client.ask("GET", f"/calculations/{old['id']}")
            result = await client.ask("GET", f"/calculations/{old['id']}/result")
            listed = await client.ask("GET", "/calculations")
            again = await client.ask("POST", "/calculations", body=ONE, **JSON)
        return old, read, result, listed, again

    old, read, result, listed, again = asyncio.run(main())
    assert (read.status, read.json()) == (200, old)
    assert (result.status, result.body.strip()) == (200, b"832040")
    assert [one["id"] for one in listed.json()["calculations"]] == [old["id"]]
    assert again.status == 422
    assert again.json()["type"] == "urn:reckoner:problem:unknown-function"
