"""POST /estimates: what a calculation would cost, as its document will have it."""

import asyncio
import json

import pytest
from sqlalchemy import text

from reckoner import function
from shared.functions.registry import Registry
from tests.asgi import serving

CHEAP = {"function": "fibonacci", "arguments": {"n": 30}}
LONG = {"function": "fibonacci", "arguments": {"n": 300_000_000}}


def encoded(body):
    return json.dumps(body).encode()


@pytest.mark.parametrize("body", [CHEAP, LONG], ids=["cheap", "long"])
def test_an_estimate_is_that_of_the_document_and_nothing_is_stored(
    engine, store_settings, registry, body
):
    async def scenario():
        async with serving(store_settings, registry) as client:
            before = await client.ask("POST", "/estimates", body=encoded(body))
            with engine.connect() as connection:
                assert not connection.execute(text("SELECT count(*) FROM calculations")).scalar()
            submitted = await client.ask("POST", "/calculations", body=encoded(body))
            after = await client.ask("POST", "/estimates", body=encoded(body))
            return before, submitted.json(), after

    before, document, after = asyncio.run(scenario())
    assert (before.status, after.status) == (200, 200)
    members = {name: document[name] for name in ("id", "lane", "estimate", "status")}
    assert after.json() == members
    assert before.json() == {**members, "status": None}
    assert before.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"function": "fibonaci", "arguments": {"n": 30}}, "unknown-function"),
        ({"function": "fibonacci", "arguments": {"n": -1}}, "invalid-arguments"),
        ({"function": "fibonacci", "arguments": {"n": 10**10}}, "memory-limit"),
        ({"function": "fibonacci"}, "invalid-arguments"),
        ([], "invalid-arguments"),
    ],
)
def test_faults_are_those_of_a_submission(store_settings, registry, body, kind):
    async def scenario():
        async with serving(store_settings, registry) as client:
            return [
                await client.ask("POST", path, body=encoded(body))
                for path in ("/estimates", "/calculations")
            ]

    estimate, submission = asyncio.run(scenario())
    assert estimate.json()["type"].endswith(kind)
    assert (estimate.status, estimate.json()) == (submission.status, submission.json())


def test_a_long_body_is_estimated_as_a_short_one(store_settings, registry):
    padded = encoded(CHEAP) + b" " * 10_000

    async def scenario():
        async with serving(store_settings, registry) as client:
            return [
                (await client.ask("POST", "/estimates", body=body)).json()
                for body in (encoded(CHEAP), padded)
            ]

    short, long = asyncio.run(scenario())
    assert short == long


@function
def unestimated(n: int) -> int:
    """Return a number of which nothing is known."""
    return n


def test_what_nothing_is_known_about_has_a_lane_and_no_estimate(store_settings):
    async def scenario():
        async with serving(store_settings, Registry([unestimated])) as client:
            body = {"function": "unestimated", "arguments": {"n": 1}}
            return (await client.ask("POST", "/estimates", body=encoded(body))).json()

    answered = asyncio.run(scenario())
    assert (answered["lane"], answered["estimate"], answered["status"]) == ("heavy", None, None)
