"""GET /functions: `accepted_maximum` is what the server really accepts."""

import asyncio
import json
from dataclasses import replace
from typing import Annotated

import pytest

from gateway.routes.functions import Catalogue, describe_function
from reckoner import Estimate, Ge, Gt, Le, Lt, MediaType, MultipleOf, function
from shared.functions.registry import Package, Registry
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
            for described in catalogue:
                bounds = described["bounds"]["n"]
                largest = bounds["accepted_maximum"]
                assert largest <= bounds["maximum"]
                taken = submission(described["name"], largest)
                refused = submission(described["name"], largest + 1)
                assert (await client.ask("POST", "/calculations", body=taken)).status == 202
                assert (await client.ask("POST", "/calculations", body=refused)).status == 422
            return catalogue

    assert len(asyncio.run(scenario())) >= 2


def test_accepted_maximum_is_null_where_nothing_is_accepted(store_settings, registry):
    settings = replace(store_settings, memory_limit_bytes=1)

    async def scenario():
        async with serving(settings, registry) as client:
            return (await client.ask("GET", "/functions")).json()["functions"]

    for described in asyncio.run(scenario()):
        assert described["bounds"]["n"]["accepted_maximum"] is None


@function(lane="quick", version=3, examples=[{"x": 2}, {"x": 1, "factor": 10}])
def scaled(x: Annotated[float, Ge(0)], factor: float = 2) -> dict[str, float]:
    """Scale a number.

    Args:
        x: What is scaled.
    """
    return {"scaled": x * factor}


def cost(size: int) -> Estimate:
    if size > 50:
        raise ValueError("unknown")
    return Estimate(size / 100, size * 2**20)


@function(memory="1TiB", timeout=0.5, estimate=cost, check="recompute")
def picture(size: Annotated[int, Ge(2), Le(1_000)]) -> Annotated[bytes, MediaType("image/png")]:
    return b"\x89PNG" * size


def test_the_catalogue_says_what_a_function_takes_returns_and_may_use(store_settings):
    settings = replace(store_settings, memory_limit_bytes=2**28, time_limit_seconds=60.0)

    async def scenario():
        packages = {"scaled": Package("rulers", "1.2")}
        async with serving(settings, Registry([scaled, picture], packages=packages)) as client:
            return (await client.ask("GET", "/functions")).json()["functions"]

    described_picture, described_scaled = asyncio.run(scenario())
    assert described_scaled == {
        "name": "scaled",
        "version": 3,
        "fingerprint": scaled.fingerprint,
        "package": {"name": "rulers", "version": "1.2"},
        "summary": "Scale a number.",
        "description": "Scale a number.",
        "arguments": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "x": {"type": "number", "minimum": 0, "description": "What is scaled."},
                "factor": {"type": "number", "default": 2},
            },
            "required": ["x"],
            "additionalProperties": False,
        },
        "examples": [{"x": 2}, {"x": 1, "factor": 10}],
        "bounds": {"x": {"minimum": 0}, "factor": {}},
        "result": {"kind": "json", "media_type": "application/json"},
        "check": None,
        "lane": "quick",
        "memory_limit_bytes": 2**28,
        "time_limit_seconds": 60.0,
        "estimates": [],
    }
    assert described_picture["result"] == {"kind": "bytes", "media_type": "image/png"}
    assert described_picture["package"] is None
    assert described_picture["examples"] == []
    assert described_picture["check"] == "recomputed"
    assert described_picture["time_limit_seconds"] == 0.5
    assert described_picture["memory_limit_bytes"] == 2**28  # never above the server's
    # What the author's estimate cannot tell is left out.
    assert [one["size"] for one in described_picture["estimates"]] == [10]
    assert described_picture["estimates"][0]["seconds"] == 0.2
    assert described_picture["bounds"]["size"]["accepted_maximum"] == 1_000


@pytest.mark.parametrize(
    ("annotation", "bounds"),
    [
        (
            Annotated[int, Gt(0), Lt(100)],
            {"exclusiveMinimum": 0, "exclusiveMaximum": 100, "accepted_maximum": 50},
        ),
        (
            Annotated[int, Gt(0), Le(100)],
            {"exclusiveMinimum": 0, "maximum": 100, "accepted_maximum": 50},
        ),
        (Annotated[int, Le(-5)], {"maximum": -5, "accepted_maximum": -5}),
        # Which of these are valid cannot be found by bisection.
        (Annotated[int, Ge(1), Le(100), MultipleOf(3)], {"minimum": 1, "maximum": 100}),
        (Annotated[int, Ge(5), Le(3)], {"minimum": 5, "maximum": 3}),
        # Bisection is of integers.
        (Annotated[float, Ge(0), Le(0.5)], {"minimum": 0, "maximum": 0.5}),
    ],
)
def test_the_catalogue_has_functions_with_bounds_of_any_kind(store_settings, annotation, bounds):
    def sized(n):
        return n

    sized.__annotations__ = {"n": annotation, "return": int}
    estimated = function(estimate=estimate_by_size, size_argument="n")(sized)
    described = describe_function(estimated, replace(store_settings, memory_limit_bytes=50))
    assert described["bounds"] == {"n": bounds}
    Catalogue(Registry([estimated]), store_settings)


def estimate_by_size(n: int) -> Estimate:
    return Estimate(0.001, max(0, n))


def test_one_function_is_its_entry_of_the_catalogue(store_settings, registry):
    async def scenario():
        async with serving(store_settings, registry) as client:
            catalogue = (await client.ask("GET", "/functions")).json()["functions"]
            assert {described["name"] for described in catalogue} >= {"fibonacci", "factorial"}
            for described in catalogue:
                one = await client.ask("GET", f"/functions/{described['name']}")
                assert one.json() == described
                assert one.headers["cache-control"] == "no-cache"
                assert (await client.ask("HEAD", f"/functions/{described['name']}")).status == 200

    asyncio.run(scenario())


def test_a_function_that_there_is_not_is_not_found_and_the_others_are_named(
    store_settings, registry
):
    async def scenario():
        async with serving(store_settings, registry) as client:
            answer = await client.ask("GET", "/functions/fibonaci")
            assert answer.status == 404
            assert answer.json()["type"] == "urn:reckoner:problem:unknown-function"
            assert "factorial, fibonacci" in answer.json()["detail"]
            assert (await client.ask("POST", "/functions/fibonacci")).status == 405

    asyncio.run(scenario())
