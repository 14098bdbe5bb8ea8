"""The stream of a list: what it sends, and that many equal ones cost one query."""

import json

import httpx
import pytest

from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from shared.store.notifications import notify_changed
from tests.eventually import eventually
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.gateway.routes.test_event_streams import connections_to, open_stream
from tests.integration.gateway.server.running import running_gateway

pytestmark = pytest.mark.slow


class Stream:
    """A stream that is read event by event; comments are events without a name."""

    def __init__(self, lines):
        self._lines = lines

    def next(self):
        """Return the name of the next event, and its data."""
        name, data = "", ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = line.removeprefix("data: ")
            elif not line:
                return name, json.loads(data) if data else None
        raise EOFError

    def until(self, is_wanted):
        """Return the first changes of which this is true."""
        while True:
            name, found = self.next()
            if name == "changes" and is_wanted(found):
                return found


@pytest.fixture
def service(engine, database_url, nginx):
    with running_gateway(database_url) as (_, port):
        yield nginx(f"127.0.0.1:{port}").url


@pytest.fixture
def follow(service):
    """Open a stream behind NGINX, with these parameters."""
    client = httpx.Client(base_url=service, timeout=30)
    opened = []

    def open_stream(query=""):
        context = client.stream("GET", f"/calculations/events{query}")
        answer = context.__enter__()
        opened.append(context)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        return Stream(answer.iter_lines())

    yield open_stream
    for context in opened:
        context.__exit__(None, None, None)
    client.close()


def cancel(engine, path):
    with engine.begin() as connection:
        row = cancel_calculation(connection, id_of(path), CANCELLED_JSON)
        assert row is not None
        notify_changed(connection, [row.id])


def id_of(path):
    return path.rpartition("/")[2]


def ids(documents):
    return [document["id"] for document in documents]


def test_a_stream_has_the_page_and_then_only_what_changes(engine, service, follow):
    first, _ = queue_calculations(engine, 2)
    stream = follow("?limit=2")
    name, page = stream.next()
    assert name == "page"
    assert page == httpx.get(f"{service}/calculations?limit=2").json()
    cancel(engine, first)
    found = stream.until(lambda found: found["calculations"])
    assert [one["status"] for one in found["calculations"]] == ["cancelled"]
    assert found["ids"] == ids(page["calculations"])
    # A new one is not notified. It stands first, and the last leaves the page.
    *_, third = queue_calculations(engine, 3)
    found = stream.until(lambda found: found["calculations"])
    assert ids(found["calculations"]) == [id_of(third)]
    assert found["ids"] == [id_of(third), page["calculations"][0]["id"]]


def test_a_stream_is_filtered_and_paged_like_the_list(engine, follow):
    paths = queue_calculations(engine, 4)
    whole = follow()
    page = whole.next()[1]
    first = follow("?limit=2&status=queued")
    leading = first.next()[1]
    assert ids(leading["calculations"]) == ids(page["calculations"])[:2]
    second = follow(leading["next"].replace("/calculations", ""))
    assert ids(second.next()[1]["calculations"]) == ids(page["calculations"])[2:]
    cancelled = ids(page["calculations"])[3]
    cancel(engine, f"/calculations/{cancelled}")
    assert second.until(lambda found: cancelled not in found["ids"])["calculations"] == []
    assert len(paths) == 4


def test_a_faulty_query_is_refused_before_the_stream_begins(gateway):
    async def scenario(client):
        for query in ("limit=0", "id=abc", "colour=red"):
            answer = await client.simulate_get("/calculations/events", query_string=query)
            assert answer.status_code == 422
            assert answer.headers["Content-Type"] == "application/problem+json"
        answer = await client.simulate_head("/calculations/events")
        assert (answer.status_code, answer.text) == (200, "")
        assert answer.headers["Content-Type"] == "text/event-stream"

    gateway(scenario)


def test_a_stream_ends_with_its_client(engine, database_url, nginx):
    queue_calculations(engine, 1)
    with running_gateway(database_url) as (_, port):
        server = nginx(f"127.0.0.1:{port}")
        streams = [open_stream(server, "/calculations") for _ in range(20)]
        assert connections_to(port) >= len(streams)
        for stream in streams:
            stream.close()
        eventually(lambda: connections_to(port) < 5, within_seconds=5)
