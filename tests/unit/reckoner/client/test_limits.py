"""What an answer may be and take, and what is believed of it: it may not be Reckoner's."""

import asyncio
import inspect
from types import SimpleNamespace

import httpx
import pytest

from reckoner.client import AsyncClient, Client, ServiceUnreachable
from reckoner.client.operations.batch import batch
from reckoner.client.operations.many import list_calculations
from reckoner.client.operations.submission import get, run
from reckoner.client.transport import bodies
from reckoner.client.transport.driver import request_of
from reckoner.client.transport.steps import Call
from tests.unit.reckoner.client.playing import ID, answer, document, result, service, unfinished


@pytest.fixture(params=[Client, AsyncClient])
def ask(request):
    """Gets a calculation from a transport, by either client."""

    def get_it(stream):
        reply = httpx.Response(200, headers={"Content-Type": "application/json"}, stream=stream)
        transport = httpx.MockTransport(lambda _: reply)
        found = request.param("http://a.test", transport=transport, retries=0).get(ID)
        return asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found

    return get_it


async def _awaited(coroutine):
    return await coroutine


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that goes on for longer than it should."""

    closed = False

    def __iter__(self):
        for _ in range(1000):
            yield b" " * 1000

    async def __aiter__(self):
        for piece in self:
            yield piece

    def close(self):
        self.closed = True

    async def aclose(self):
        self.closed = True


def test_a_body_that_is_too_long_is_not_kept(ask, monkeypatch):
    monkeypatch.setattr(bodies, "_MAX_BYTES", 10_000)
    endless = Endless()
    with pytest.raises(ServiceUnreachable, match="more than Reckoner ever does"):
        ask(endless)
    assert endless.closed


def test_a_body_that_does_not_end_is_left(ask, monkeypatch):
    times = iter(range(0, 100_000, 50))
    monkeypatch.setattr(bodies, "time", SimpleNamespace(monotonic=lambda: next(times)))
    endless = Endless()
    with pytest.raises(ServiceUnreachable, match="did not answer in time"):
        ask(endless)
    assert endless.closed


def test_a_time_out_limits_the_silence_of_each_request(player):
    player.answers = iter([answer(unfinished(), 202), answer(document())])
    player.play(run(service(), "fibonacci", {"n": 30}, None, 20))
    assert [call.longest_silence for call in player.calls] == [25, 26]
    player.answers = iter([answer(document())])
    player.play(get(service(), ID))
    assert player.calls[-1].longest_silence is None


@pytest.mark.parametrize(
    ("waits", "call", "expected"),
    [
        (30, Call("GET", "/"), (30, 30)),
        (30, Call("GET", "/", read_seconds=60), (30, 90)),
        (30, Call("GET", "/", read_seconds=60, longest_silence=7), (7, 7)),
        (None, Call("GET", "/", longest_silence=7), (7, 7)),
        (None, Call("GET", "/", read_seconds=60), (None, None)),
    ],
)
def test_the_silence_of_a_request(waits, call, expected):
    with httpx.Client(timeout=waits) as http:
        timeout = request_of(http, call).extensions["timeout"]
    assert (timeout["connect"], timeout["read"]) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 5},
        {"function": None},
        {"arguments": [1]},
        {"attempts": None},
        {"lane": []},
        {"result": result(length="6")},
        {"result": result(length=-1)},
        {"result": result(sha256="../" * 10 + "a" * 34)},
        {"result": result(sha256=None)},
        {"result": result(media_type=None)},
        {"result": result(value=[1])},
    ],
    ids=str,
)
def test_a_document_with_a_member_of_another_kind_is_not_reckoners(player, wrong):
    player.answers = iter([answer(document(**wrong))])
    with pytest.raises(ServiceUnreachable, match="unknown form"):
        player.play(get(service(), ID))


@pytest.mark.parametrize("following", ["/calculations?limit=100", "http://[", 5])
def test_a_list_whose_next_page_is_no_other_is_not_read_on(player, following):
    player.answers = iter([answer({"calculations": [document()], "next": following})] * 3)
    with pytest.raises(ServiceUnreachable, match="unknown form"):
        player.play(list_calculations(service(), {}, 100))


@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_to_more_or_fewer_items_than_there_are_is_not_reckoners(player, count):
    each = {"id": ID, "status": "succeeded"}
    player.answers = iter([answer({"calculations": [each] * count}, 202)])
    with pytest.raises(ServiceUnreachable, match="unknown form"):
        player.play(batch(service(), [("fibonacci", {"n": 1})] * 2, None))
