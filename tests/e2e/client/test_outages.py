"""What the client does when connections break and the gateway dies."""

from hashlib import sha256
from itertools import pairwise
from threading import Thread
from typing import Any

import httpx
import pytest

from reckoner.client import Calculation, Client, Retries, ServerUnavailable, ServiceUnreachable
from tests.e2e.numbers import fresh
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: 21 to 25 MB of digits: more than all buffers between the gateway and the client hold.
LONG = (100_000_000, 120_000_000)


@pytest.fixture(scope="module")
def long(base_url):
    with Client(base_url) as client:
        return client.run("fibonacci", n=fresh(*LONG))


def requests_of(client):
    """Return a list that grows with every request of a client."""
    requests: list[httpx.Request] = []
    client._http.event_hooks = {"request": [requests.append], "response": []}
    return requests


def is_right(path, calculation):
    found = sha256(path.read_bytes()).hexdigest()
    return found == calculation.result.sha256


def test_a_download_goes_on_after_the_connection_was_cut(link, long, tmp_path):
    path = tmp_path / "digits"
    seen: list[int] = []

    def cut_twice(progress):
        seen.append(progress.received)
        if len(seen) in (2, 5):
            link.cut()

    with Client(f"http://127.0.0.1:{link.port}") as client:
        requests = requests_of(client)
        client.download(long, path, on_received=cut_twice)
    assert is_right(path, long)
    assert list(tmp_path.iterdir()) == [path]
    assert seen == sorted(set(seen))
    starts = [request.headers.get("Range") for request in requests[1:]]
    assert starts[0] is None
    assert len(starts) == 3
    assert len(set(starts)) == 3


def test_a_download_goes_on_after_the_gateway_was_killed(stack, client, long, tmp_path):
    path = tmp_path / "digits"
    seen: list[int] = []

    def kill_once(progress):
        seen.append(progress.received)
        if len(seen) == 1:
            stack.kill("gateway")
            stack.start("gateway")

    requests = requests_of(client)
    client.download(long, path, on_received=kill_once)
    assert is_right(path, long)
    ranges = [request.headers.get("Range") for request in requests[1:]]
    assert len(ranges) >= 2
    assert all(asked.startswith("bytes=") for asked in ranges[1:])


def test_a_download_that_was_given_up_goes_on_in_the_next_call(link, long, tmp_path):
    path = tmp_path / "digits"
    url = f"http://127.0.0.1:{link.port}"
    with (
        Client(url, retries=0) as client,
        pytest.raises(ServiceUnreachable, match="broke"),
    ):
        client.download(long, path, on_received=lambda _: link.refuse())
    assert not path.exists()
    (part,) = tmp_path.iterdir()
    length = part.stat().st_size
    assert 0 < length < long.result.length
    link.refuse(is_refusing=False)
    with Client(url) as client:
        requests = requests_of(client)
        client.download(long, path)
    assert is_right(path, long)
    assert requests[-1].headers["Range"] == f"bytes={length}-"


def test_a_submission_waits_for_a_gateway_that_is_away(stack, base_url):
    """NGINX answers 503 with Retry-After meanwhile."""
    found: list[Any] = []
    with Client(base_url) as client:
        requests = requests_of(client)
        stack.kill("gateway")
        with (
            Client(base_url, retries=Retries(attempts=1)) as hasty,
            pytest.raises(ServerUnavailable, match="does not respond"),
        ):
            hasty.functions()
        thread = Thread(target=lambda: found.append(client.call("fibonacci", n=100)))
        thread.start()
        eventually(lambda: len(requests) >= 2, what="a second attempt")
        stack.start("gateway")
        thread.join(60)
    assert found == [354224848179261915075]
    assert len({request.headers["X-Request-ID"] for request in requests}) == 1


def test_a_connection_that_is_cut_while_it_waits_is_no_error(link):
    found: list[Any] = []
    with Client(f"http://127.0.0.1:{link.port}") as client:
        below = fresh(250_000, 300_000)
        thread = Thread(target=lambda: found.append(client.run("collatz", below=below)))
        thread.start()
        eventually(lambda: link.cut(b"wait=60"), what="a request that waits")
        eventually(lambda: link.cut(b"wait=60"), what="a second attempt")
        thread.join(60)
    assert [one.status for one in found] == ["succeeded"]


def test_events_go_on_after_the_connection_was_cut(link):
    with Client(f"http://127.0.0.1:{link.port}") as client:
        submitted = client.submit("collatz", below=fresh(90_000, 120_000))
        shown: list[Calculation] = []
        for one in client.events(submitted):
            if not shown:
                assert link.cut(b"/events") == 1
            shown.append(one)
    assert shown[-1].status == "succeeded"
    assert all(one != other for one, other in pairwise(shown))


def test_nobody_listens():
    with pytest.raises(ServiceUnreachable, match=r"cannot be reached: .*refused"):
        Client("http://127.0.0.1:9", retries=1).functions()
