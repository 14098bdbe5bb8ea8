"""GET /calculations/{id}/events: the document as it changes."""

import json

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import submit
from tests.e2e.test_waiting import TIMES, sooner_than_by_sweeps

UNKNOWN = "/calculations/00000000-0000-4000-8000-000000000000"


def read_events(client, path):
    """Return the documents and ids of all events until the stream ends."""
    with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    documents = [json.loads(line.removeprefix("data: ")) for line in lines if line[:5] == "data:"]
    return documents, [line.removeprefix("id: ") for line in lines if line[:3] == "id:"]


def test_the_stream_shows_every_status_and_rising_progress_and_ends(client):
    location = submit(client, fresh(250_000_000, 300_000_000)).headers["Location"]
    documents, ids = read_events(client, f"{location}/events")
    statuses = [document["status"] for document in documents]
    assert statuses[-1] == "succeeded"
    assert set(statuses) <= {"queued", "running", "succeeded"}
    assert "running" in statuses
    progress = [document["progress"] for document in documents]
    assert progress == sorted(progress)
    assert len(set(progress)) >= 3
    assert ids == ["final"]


def test_a_final_calculation_is_one_event(client):
    location = submit(client, 10).headers["Content-Location"]
    documents, ids = read_events(client, f"{location}/events")
    assert [document["status"] for document in documents] == ["succeeded"]
    assert ids == ["final"]


def test_a_browser_that_reconnects_after_the_final_event_gets_204(client):
    location = submit(client, 10).headers["Content-Location"]
    answer = client.get(f"{location}/events", headers={"Last-Event-ID": "final"})
    assert answer.status_code == 204


def test_a_cancel_ends_the_stream(client):
    with sooner_than_by_sweeps():
        for _ in range(TIMES):
            location = submit(client, fresh(400_000_000, 500_000_000)).headers["Location"]
            with client.stream("GET", f"{location}/events") as answer:
                events = (line for line in answer.iter_lines() if line[:5] == "data:")
                assert json.loads(next(events)[5:])["status"] in ("queued", "running")
                client.delete(location)  # while the stream is open
                *_, last = events
            assert json.loads(last[5:])["status"] == "cancelled"


def test_head_of_a_stream_has_no_body(client):
    location = submit(client, 10).headers["Content-Location"]
    answer = client.head(f"{location}/events")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.content == b""


def test_events_of_an_unknown_calculation_are_404(client):
    answer = client.get(f"{UNKNOWN}/events")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
