"""No request stops the others: nothing blocks the event loop for long."""

import asyncio
import json
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import text

from shared.store.new_calculations import insert_queued
from tests.asgi import serving
from tests.factories import make_calculation
from tests.loop_monitor import held_while, no_collections, unit_seconds

#: About ten milliseconds on the machine that this was written on. The faults that these tests found
#: blocked the loop for 15 to 500 units more.
MAX_UNITS = 24

_TRIALS = 3

EXTRAS = {f"x{index}": index for index in range(20)}


def body(value):
    return json.dumps(value).encode()


def batch(item, trial):
    return body({"calculations": [item(10_000 * trial + index) for index in range(10_000)]})


def good(index):
    return {"function": "fibonacci", "arguments": {"n": 300_000 + index}}


#: Method, target, what makes the body for the n-th trial, and the status.
REQUESTS: dict[str, tuple[str, str, Callable[[int], bytes], int]] = {
    "a batch": ("POST", "/calculations/batch", partial(batch, good), 202),
    "a batch of unknown members": (
        "POST",
        "/calculations/batch",
        partial(batch, lambda index: {**good(index), **EXTRAS}),
        422,
    ),
    "a batch of unknown arguments": (
        "POST",
        "/calculations/batch",
        partial(batch, lambda _: {"function": "fibonacci", "arguments": {"n": 1, **EXTRAS}}),
        422,
    ),
    "thousands of unknown arguments": (
        "POST",
        "/calculations",
        lambda _: body({"function": "fibonacci", "arguments": {f"x{i}": 1 for i in range(5_000)}}),
        422,
    ),
    "thousands of parameters": (
        "GET",
        "/calculations?" + "&".join(f"a{index}=1" for index in range(1_500)),
        lambda _: b"",
        422,
    ),
    "a long page of long histories": ("GET", "/calculations?limit=1000", lambda _: b"", 200),
}


@pytest.fixture
def long_histories(engine):
    made = [make_calculation(arguments={"n": 2_000_000 + index}) for index in range(1_000)]
    entry = {
        "attempt": 1,
        "worker": "0db20a7f-8c18-453b-94df-02923cc6f79c",
        "began_at": "2026-11-22T21:24:04.718Z",
        "ended_at": "2026-11-22T21:24:04.718Z",
        "outcome": "lost",
    }
    with engine.begin() as connection:
        insert_queued(connection, made, "request")
        connection.execute(
            text("UPDATE calculations SET history = CAST(:history AS jsonb)"),
            {"history": json.dumps([entry] * 20)},
        )
    return made


def answered_without_blocking(scenario):
    """Return what a scenario returned; fail if it blocked the event loop for long every time.

    Another process can slow down one trial, even in processor time, and a fault slows down each.
    """
    seen = []
    for trial in range(_TRIALS):
        with no_collections():
            unit = unit_seconds()
            returned, held = asyncio.run(scenario(trial))
        seen.append(held / unit)
        if seen[-1] < MAX_UNITS:
            return returned
    raise AssertionError(f"the event loop was held for {seen} units")


@pytest.mark.parametrize("case", REQUESTS)
@pytest.mark.usefixtures("long_histories")
@pytest.mark.slow
def test_no_request_blocks_the_event_loop_for_long(store_settings, registry, case):
    method, target, make_body, status = REQUESTS[case]

    async def scenario(trial):
        sent = make_body(trial)
        async with serving(store_settings, registry) as client:
            await client.ask("GET", "/calculations?limit=1")  # connects
            return await held_while(client.ask(method, target, body=sent))

    answer = answered_without_blocking(scenario)
    assert answer.status == status
    if status == 422:
        assert len(answer.json()["errors"]) <= 100
        assert len(answer.body) < 30_000


def test_of_very_many_faults_the_first_are_listed_and_all_are_counted(store_settings, registry):
    faulty = [{"function": "fibonacci", "arguments": {"n": 1, **EXTRAS}}] * 1_000
    others = [
        5,
        {"function": "fibonacci"},
        {"function": "nothing", "arguments": {}},
        {"function": ["fibonacci"], "arguments": {}},
        {"function": "fibonacci", "arguments": {"n": -1}},
        {"function": "fibonacci", "arguments": {}},
        {"function": "fibonacci", "arguments": 5},
        {"function": "fibonacci", "arguments": {"n": 10**10}},
        {"function": "fibonacci", "arguments": {"n": 10}},
    ]
    sent = body({"calculations": faulty + others})

    async def scenario():
        async with serving(store_settings, registry) as client:
            return await client.ask("POST", "/calculations/batch", body=sent)

    problem = asyncio.run(scenario()).json()
    assert len(problem["errors"]) == 100
    # Those of an object in the order of their names.
    assert problem["errors"][-1]["pointer"] == "/calculations/4/arguments/x9"
    assert problem["error_count"] == 20 * 1_000 + 8
    assert "20008 faults" in problem["detail"]


@pytest.mark.slow
def test_a_thousand_waiters_of_one_calculation_are_not_all_answered_in_one_turn(
    engine, store_settings, registry, long_histories
):
    """Each writes its response when it gets its row; other tasks get turns in between."""

    async def scenario(trial):
        path = f"/calculations/{long_histories[trial].id}"
        async with serving(store_settings, registry) as client:
            held = [
                asyncio.create_task(client.ask("GET", path, prefer="wait=30")) for _ in range(1_000)
            ]
            await asyncio.sleep(0)
            while (await client.ask("GET", path)).status != 200:
                pass
            return await held_while(cancelled(client, path, held))

    answers = answered_without_blocking(scenario)
    assert {answer.json()["status"] for answer in answers} == {"cancelled"}


async def cancelled(client, path, held):
    assert (await client.ask("DELETE", path)).status == 200
    return await asyncio.gather(*held)
