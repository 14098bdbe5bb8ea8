"""The stream of a list without a server: heartbeats, slow readers, and access that ends."""

import asyncio
import json

import falcon.asgi
import falcon.testing
import pytest

from gateway.http.page import Page
from gateway.routes.list_events import ListEvents
from gateway.waiting.lists import Lists
from shared.errors import KeyFault, StoreUnavailable, Unauthenticated


class Service:
    """A stream of a list whose pages a test sets; other settings are those of ListEvents."""

    def __init__(self, **options):
        self.texts = {"a": "1"}
        self.lists = Lists(self._read, least_seconds=0.0, tick_seconds=600.0)
        self._events = ListEvents(self.lists, **options)
        self._read_once = asyncio.Event()

    async def _read(self, _query):
        self._read_once.set()
        return Page({name: f'{{"id": "{name}", "n": {n}}}' for name, n in self.texts.items()}, None)

    async def change(self, **texts):
        """Have the page read, which has these documents now."""
        self.texts = texts
        self._read_once.clear()
        self.lists.mark_changed()
        await self._read_once.wait()
        await asyncio.sleep(0)

    async def open(self):
        """Return the events of a new stream."""
        response = falcon.asgi.Response()
        await self._events.on_get(falcon.testing.create_asgi_req(), response)
        assert response.sse is not None
        return aiter(response.sse)


async def event_of(stream):
    """Return the name and the data of the next event, which may come in pieces."""
    text = b""
    while not text.endswith(b"\n\n"):
        text += (await anext(stream)).serialize()
    name, data, *rest = text.decode().split("\n")
    assert rest == ["", ""]
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def run(scenario, **options):
    async def main():
        service = Service(**options)
        task = asyncio.create_task(service.lists.run())
        try:
            return await asyncio.wait_for(scenario(service), 30)
        finally:
            task.cancel()

    return asyncio.run(main())


def test_who_reads_slowly_gets_what_has_changed_since_and_nothing_twice():
    async def scenario(service):
        stream = await service.open()
        assert (await event_of(stream))[0] == "page"
        await service.change(a="2", b="1")
        await service.change(a="3", b="1")
        await service.change(b="1", c="1")
        name, second = await event_of(stream)
        assert name == "changes"
        await service.change(b="1", c="2")
        return [second, (await event_of(stream))[1]]

    found = run(scenario)
    assert [one["ids"] for one in found] == [["b", "c"], ["b", "c"]]
    assert [[one["id"] for one in event["calculations"]] for event in found] == [["b", "c"], ["c"]]


def test_a_long_page_is_sent_in_pieces_so_that_a_slow_reader_has_little_of_it_in_memory():
    async def scenario(service):
        service.texts = {str(number): "1" * 4_000 for number in range(100)}
        pieces: list[bytes] = []
        stream = await service.open()
        while not pieces or not pieces[-1].endswith(b"\n\n"):
            pieces.append((await anext(stream)).serialize())
        assert max(map(len, pieces)) < 100_000
        again = b"".join(pieces).decode()
        assert again.startswith('event: page\ndata: {"calculations"')
        return json.loads(again.removeprefix("event: page\ndata: "))

    assert len(run(scenario)["calculations"]) == 100


def test_a_stream_is_never_silent():
    async def scenario(service):
        stream = await service.open()
        await anext(stream)
        assert [await anext(stream) for _ in range(2)] == [None, None]

    run(scenario, heartbeat_seconds=0.02)


@pytest.mark.parametrize("error", [Unauthenticated(KeyFault.REVOKED), StoreUnavailable()])
def test_a_stream_ends_when_its_access_does_and_follows_nothing_any_more(error):
    refused: list[bool] = []

    def check_again(_request):
        if refused:
            raise error

    async def scenario(service):
        stream = await service.open()
        await anext(stream)
        assert await anext(stream) is None
        refused.append(True)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        assert service.lists.streams == 0

    run(scenario, heartbeat_seconds=0.02, check_again=check_again)
