"""One text from the request to the worker: made in the gateway, and never encoded again."""

import asyncio
import json

import pytest

from reckoner import function
from shared.calculation import Lane
from shared.functions.registry import Registry
from shared.store.calculations import find_calculations
from tests.asgi import serving
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread
from tests.integration.outbox import make_relay
from tests.unit.shared.functions.identified import FUNCTIONS
from tests.unit.shared.test_calculation_ids import VECTORS

#: All that make an id of their own.
DISTINCT = {vector["id"]: vector for vector in VECTORS}


@function(lane="quick")
def echo(values: dict[str, float], n: int, label: str = "é") -> list[object]:
    """What the function got."""
    return [list(values.items()), n, label, repr(values)]


def request(name: str, arguments: str) -> bytes:
    return f'{{"function":"{name}","arguments":{arguments}}}'.encode()


def test_every_example_is_stored_and_shown_byte_for_byte(store_settings, registry):
    async def submit_and_look_up():
        async with serving(store_settings, Registry(FUNCTIONS.values())) as client:
            for vector in DISTINCT.values():
                if vector["function"] not in names_of(registry):
                    body = request(vector["function"], vector["arguments"])
                    posted = await client.ask("POST", "/calculations", body=body)
                    found = await client.ask("GET", f"/calculations/{vector['id']}")
                    member = f'"arguments": {vector["canonical"]}, '.encode()
                    assert (posted.status, found.status) == (202, 200)
                    assert member in posted.body
                    assert member in found.body
                    shown = request(vector["function"], json.dumps(found.json()["arguments"]))
                    again = await client.ask("POST", "/calculations", body=shown)
                    assert again.json()["id"] == posted.json()["id"] == vector["id"]

    asyncio.run(submit_and_look_up())


def names_of(registry):
    return {one.name for one in registry}


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("1e400", 422),
        ("-1e400", 422),
        ("9007199254740993", 422),
        ("9" * 400, 422),
        ("NaN", 400),
        ("Infinity", 400),
        ("1.", 400),
        ("9" * 5_000, 400),
    ],
)
def test_what_is_no_number_of_a_double_is_refused_in_words(store_settings, number, status):
    async def submit():
        async with serving(store_settings, Registry(FUNCTIONS.values())) as client:
            body = request("fraction", f'{{"x":{number}}}')
            return await client.ask("POST", "/calculations", body=body)

    answer = asyncio.run(submit())
    assert answer.status == status
    if status == 422:
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == "/arguments/x"
        assert "1.8e308" in fault["detail"] or "double" in fault["detail"]


def stored(engine, identity):
    with engine.begin() as connection:
        (row,) = find_calculations([identity]).on(connection)
    return row


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_worker_computes_what_the_text_says(settings, engine, relay_engine, is_batch):
    arguments = '{"n": 9007199254740993, "values": {"b": -0.0, "a": 1e22, "\U0001f600": 5}}'
    text = r'{"label":"\u00e9","n":9007199254740993,"values":{"a":1e+22,"b":0,"\ud83d\ude00":5}}'
    functions = Registry([echo])
    item = request("echo", arguments)
    body, path = (
        (b'{"calculations":[%s]}' % item, "/calculations/batch")
        if is_batch
        else (item, "/calculations")
    )

    async def submit():
        async with serving(settings, functions) as client:
            return (await client.ask("POST", path, body=body)).json()

    answer = asyncio.run(submit())
    identity = answer["calculations"][0]["id"] if is_batch else answer["id"]
    assert make_relay(settings, relay_engine).lanes[Lane.QUICK].publish_batch() == 1
    with WorkerThread(settings, Lane.QUICK, functions):
        eventually(lambda: stored(engine, identity).status == "succeeded")
    row = stored(engine, identity)
    assert row.canonical_arguments == text
    values = '[["a",1e+22],["b",0],["\\ud83d\\ude00",5]]'
    seen = json.dumps(repr({"a": 1e22, "b": 0.0, "\U0001f600": 5.0}))
    assert row.result_value == f'[{values},9007199254740993,"\\u00e9",{seen}]'
