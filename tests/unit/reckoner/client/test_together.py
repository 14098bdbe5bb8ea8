"""Several requests of one operation at the same time, by both clients."""

import asyncio
import threading
import time

import httpx
import pytest

from reckoner.client import AsyncClient, Client, InvalidRequest
from reckoner.client.operations.service import Service, path_of
from reckoner.client.transport.retries import Retries
from reckoner.client.transport.steps import Call, together
from tests.eventually import eventually
from tests.unit.reckoner.client.playing import answer, document, problem

URL = "http://a.test"
IDS = [f"00000000-0000-5000-8000-00000000000{number}" for number in range(4)]


def looks():
    service = Service(URL, Retries(attempts=1))
    return together([service.ask(Call("GET", path_of(identity))) for identity in IDS])


def number_of(request):
    return int(request.url.path[-1])


def ids(answers):
    return [one.document["id"] for one in answers]


def test_threads_ask_at_the_same_time_and_keep_the_order():
    everybody = threading.Barrier(len(IDS))

    def respond(request):
        everybody.wait(10)
        time.sleep(0.01 * (len(IDS) - number_of(request)))
        return answer(document(id=request.url.path.rpartition("/")[2]))

    client = Client(URL, transport=httpx.MockTransport(respond))
    assert ids(client._driver.run(looks())) == IDS


def test_tasks_ask_at_the_same_time_and_keep_the_order():
    async def use():
        there, all_there = 0, asyncio.Event()

        async def respond(request):
            nonlocal there
            there += 1
            if there == len(IDS):
                all_there.set()
            await asyncio.wait_for(all_there.wait(), 10)
            return answer(document(id=request.url.path.rpartition("/")[2]))

        client = AsyncClient(URL, transport=httpx.MockTransport(respond))
        return await client._driver.run(looks())

    assert ids(asyncio.run(use())) == IDS


def test_the_first_error_is_raised_and_nobody_waits_for_the_others():
    released = threading.Event()

    def respond(request):
        if number_of(request) == 1:
            return problem(422, "invalid-arguments")
        if number_of(request) > 1:
            released.wait(10)
        return answer(document())

    client = Client(URL, transport=httpx.MockTransport(respond))
    began = time.monotonic()
    with pytest.raises(InvalidRequest):
        client._driver.run(looks())
    assert time.monotonic() - began < 5
    released.set()


def test_the_first_error_ends_the_other_tasks():
    async def use():
        async def respond(request):
            if number_of(request) == 1:
                return problem(422, "invalid-arguments")
            await asyncio.sleep(3600 if number_of(request) > 1 else 0)
            return answer(document())

        client = AsyncClient(URL, transport=httpx.MockTransport(respond))
        with pytest.raises(InvalidRequest):
            await client._driver.run(looks())
        return asyncio.all_tasks()

    assert len(asyncio.run(use())) == 1


def test_what_is_left_behind_repeats_no_request():
    asked: list[int] = []
    released = threading.Event()

    def respond(request):
        asked.append(number_of(request))
        if number_of(request) == 0:
            return problem(422, "invalid-arguments")
        released.wait(10)
        return problem(503, "unavailable")

    service = Service(URL, Retries(attempts=5))
    client = Client(URL, transport=httpx.MockTransport(respond))
    steps = together([service.ask(Call("GET", path_of(identity))) for identity in IDS])
    with pytest.raises(InvalidRequest):
        client._driver.run(steps)
    released.set()
    eventually(lambda: "reckoner-client" not in {one.name for one in threading.enumerate()})
    assert len(asked) == len(set(asked))
