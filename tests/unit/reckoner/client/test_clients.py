"""Both clients: they have the same methods, and a key shows nowhere but in its header."""

import asyncio
import inspect
import logging
import pickle
import threading
import traceback
from hashlib import sha256

import httpx
import pytest

from reckoner.client import AsyncClient, Client, InvalidRequest, ReckonerError, ServiceUnreachable
from tests.unit.reckoner.client.playing import ID, answer, document, problem, result, unfinished

KEY = "rk_0123456789ab_" + "c0ffee" * 10
OTHER_NAMES = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}


def methods(kind):
    names = {name for name in vars(kind) if not name.startswith("_")} | {"__init__"}
    return {name: inspect.signature(getattr(kind, name)) for name in names}


def test_both_clients_have_the_same_methods_and_arguments():
    blocking = {OTHER_NAMES.get(name, name): one for name, one in methods(Client).items()}
    awaited = methods(AsyncClient)
    assert blocking.keys() == awaited.keys()
    for name, signature in blocking.items():
        if name == "__init__":
            continue  # they take httpx's transports, of two kinds
        assert list(signature.parameters.values()) == list(awaited[name].parameters.values()), name


def test_every_method_has_a_docstring():
    for kind in (Client, AsyncClient):
        assert all(inspect.getdoc(getattr(kind, name)) for name in methods(kind))


def scripted(*answers):
    """Return a transport that gives these answers in turn, and the list of the requests."""
    requests: list[httpx.Request] = []
    remaining = iter(answers)

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        given: httpx.Response | BaseException = next(remaining)
        if isinstance(given, BaseException):
            raise given
        return given

    return httpx.MockTransport(respond), requests


def test_a_request_names_the_client_and_has_the_key():
    transport, requests = scripted(answer(document()))
    with Client("http://a.test/below/", KEY + "\n", transport=transport) as client:
        client.submit("fibonacci", {"n": 3}, m=4)
    (request,) = requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["User-Agent"].startswith("reckoner-client/")
    assert str(request.url) == "http://a.test/below/calculations"
    assert request.content == b'{"function":"fibonacci","arguments":{"n":3,"m":4}}'


def test_without_a_key_no_header_is_sent():
    transport, requests = scripted(answer(document()))
    Client("http://a.test", transport=transport).get(ID)
    assert "Authorization" not in requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_so_the_key_goes_nowhere_else(status):
    elsewhere = httpx.Response(status, headers={"Location": "https://elsewhere.test/calculations"})
    transport, requests = scripted(elsewhere)
    with pytest.raises(ServiceUnreachable, match=r"redirects to https://elsewhere\.test,"):
        Client("http://a.test", KEY, transport=transport).submit("fibonacci", n=3)
    assert [request.url.host for request in requests] == ["a.test"]


def test_the_next_page_is_asked_from_the_service_wherever_it_is_said_to_be():
    following = "https://elsewhere.test/calculations?cursor=abc&status=failed"
    transport, requests = scripted(
        answer({"calculations": [document()], "next": following}),
        answer({"calculations": [], "next": None}),
    )
    client = Client("http://a.test/below", KEY, transport=transport)
    assert len(list(client.list(status="failed"))) == 1
    assert [str(request.url) for request in requests] == [
        "http://a.test/below/calculations?status=failed&limit=100",
        "http://a.test/below/calculations?cursor=abc&status=failed",
    ]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        problem(401, "unauthenticated"),
        httpx.Response(200, html="<p>"),
        answer({"id": 5}),
    ],
    ids=str,
)
def test_no_error_log_or_repr_shows_the_key(failure, caplog):
    caplog.set_level(logging.DEBUG)
    transport, _ = scripted(failure)
    client = Client("http://a.test", KEY, transport=transport, retries=0)
    with pytest.raises(ReckonerError) as raised:
        client.run("fibonacci", n=3)
    shown = "".join(traceback.format_exception(raised.value))
    shown += caplog.text + repr(client) + repr(vars(client)) + repr(vars(client._http))
    shown += repr(pickle.dumps(raised.value))
    if isinstance(cause := raised.value.__cause__, httpx.RequestError):
        shown += repr(vars(cause)) + repr(cause.request.headers)
    assert "c0ffee" not in shown


@pytest.mark.parametrize("key", ["", " ", "a b", "schlüssel", "a\nb", "a\x7fb"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key):
    with pytest.raises(ValueError, match="The key is not valid") as raised:
        Client("http://a.test", key)
    assert key.strip() in ("", *str(raised.value)) or key not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8080", "is not the URL of a service"),
        ("ftp://a.test", "is not the URL of a service"),
        ("http://", "is not the URL of a service"),
        ("http://no..name", "The URL is not valid"),
        ("http://a.test:port", "not valid"),
        ("http://user:secret@a.test", "must not hold a password"),
        ("http://a.test/?key=secret", "has a query"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(url, words):
    with pytest.raises(ValueError, match=words) as raised:
        Client(url)
    assert "user:secret" not in str(raised.value)


def test_the_address_of_make_up_is_the_default():
    assert repr(Client()) == "Client('http://localhost:8080')"
    assert repr(AsyncClient("http://a.test/")) == "AsyncClient('http://a.test')"


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(ServiceUnreachable, match=r"a\.test cannot be reached"):
        Client("http://a.test", retries=0).functions()


def test_one_client_serves_several_threads():
    def respond(request):
        return answer(document(arguments={"n": int(request.url.path[-2:])}))

    client = Client("http://a.test", transport=httpx.MockTransport(respond))
    found: dict[int, int] = {}

    def look(number):
        found[number] = client.get(f"{ID[:-2]}{number}").arguments["n"]

    threads = [threading.Thread(target=look, args=(number,)) for number in range(10, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: number for number in range(10, 40)}


async def _through_async_client(*answers, use):
    transport, requests = scripted(*answers)
    async with AsyncClient("http://a.test", KEY, transport=transport) as client:
        return await use(client), requests


def test_the_asynchronous_client_does_the_same():
    told = []

    async def on_progress(progress):
        await asyncio.sleep(0)
        told.append(progress.fraction)

    async def use(client):
        value = await client.call("fibonacci", n=30, on_progress=on_progress)
        listed = [one async for one in client.list()]
        return value, len(listed)

    page = {"calculations": [document(), document()], "next": None}
    answers = (answer(document()), answer(page))
    came, requests = asyncio.run(_through_async_client(*answers, use=use))
    assert came == (832040, 2)
    assert told == [1.0]
    assert {request.headers["Authorization"] for request in requests} == {f"Bearer {KEY}"}


def test_errors_of_the_asynchronous_client_are_the_same():
    async def use(client):
        await client.submit("fibonacci", n=-1)

    with pytest.raises(InvalidRequest, match="Do better"):
        asyncio.run(_through_async_client(problem(422, "invalid-arguments"), use=use))


def test_a_cancelled_task_closes_its_stream():
    closed = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):
            yield b": \n\n"
            await asyncio.sleep(3600)

        async def aclose(self):
            closed.append(True)

    async def use(client):
        async def watch():
            return [one async for one in client.events(ID)]

        task = asyncio.create_task(watch())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    stream = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Endless())
    asyncio.run(_through_async_client(stream, use=use))
    assert closed == [True]


class _Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Half of a body, and then the connection is reset."""

    def __iter__(self):
        yield b"832"
        raise httpx.ReadError("reset")

    async def __aiter__(self):
        for piece in self:
            yield piece


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_broken_stream_is_taken_up_again_by_both_clients(kind, tmp_path):
    known = result(value=None, sha256=sha256(b"832040").hexdigest())
    plain = {"Content-Type": "text/plain; charset=us-ascii"}
    rest = plain | {"Content-Range": "bytes 3-5/6"}
    transport, requests = scripted(
        answer(document(result=known)),
        httpx.Response(200, headers=plain, stream=_Broken()),
        httpx.Response(206, headers=rest, content=b"040"),
    )
    download = kind("http://a.test", transport=transport).download(ID, tmp_path / "x")
    if inspect.isawaitable(download):
        asyncio.run(_awaited(download))
    assert (tmp_path / "x").read_bytes() == b"832040"
    assert [request.headers.get("Range") for request in requests] == [None, None, "bytes=3-"]


async def _awaited(coroutine):
    return await coroutine


def test_an_interrupted_run_leaves_the_calculation():
    transport, requests = scripted(answer(unfinished(), 202), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), Client("http://a.test", transport=transport) as client:
        client.run("fibonacci", n=30)
    assert [request.method for request in requests] == ["POST", "GET"]


def test_an_interrupt_closes_the_stream_and_the_part_file(tmp_path):
    class Interrupted(httpx.SyncByteStream):
        def __iter__(self):
            yield b"83"
            raise KeyboardInterrupt

        def close(self):
            closed.append(True)

    closed: list[bool] = []
    body = httpx.Response(200, headers={"Content-Type": "text/plain"}, stream=Interrupted())
    transport, _ = scripted(answer(document(result=result(value=None))), body)
    with pytest.raises(KeyboardInterrupt):
        Client("http://a.test", transport=transport).download(ID, tmp_path / "x")
    assert closed == [True]
    assert not (tmp_path / "x").exists()
