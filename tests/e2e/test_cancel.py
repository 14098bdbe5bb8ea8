"""DELETE /calculations/{id}."""

import time
from uuid import uuid4

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import submit
from tests.eventually import eventually


def status_of(client, location):
    return client.get(location).json()["status"]


def start_running(client):
    """Return the location of a calculation that runs for a long time."""
    location = submit(client, fresh(400_000_000, 500_000_000)).headers["Location"]
    eventually(lambda: status_of(client, location) == "running", within_seconds=60)
    return location


def test_a_running_calculation_is_cancelled_within_two_seconds_and_frees_its_slot(client):
    location = start_running(client)
    answer = client.delete(location)
    assert answer.status_code == 202
    began = time.monotonic()
    final = client.get(location, headers={"Prefer": "wait=20"}).json()
    assert final["status"] == "cancelled"
    assert time.monotonic() - began < 2
    assert final["error"]["type"].endswith("cancelled")
    after = submit(client, fresh(6_000_000, 7_000_000), Prefer="wait=30")
    assert after.json()["status"] == "succeeded"


def test_a_queued_calculation_is_cancelled_at_once(client):
    running = [start_running(client)]
    waiting = [submit(client, fresh(500_000_001, 600_000_000)).headers["Location"] for _ in "12345"]
    queued = [location for location in waiting if status_of(client, location) == "queued"]
    assert queued, "this test needs fewer heavy slots than that"
    answer = client.delete(queued[-1])
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    for location in running + waiting:
        client.delete(location)


def test_a_final_calculation_cannot_be_cancelled(client):
    location = submit(client, 10).headers["Content-Location"]
    answer = client.delete(location)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("already-final")


def test_a_cancelled_calculation_has_no_result_and_can_be_submitted_again(client):
    location = start_running(client)
    n = client.get(location).json()["arguments"]["n"]
    client.delete(location)
    eventually(lambda: status_of(client, location) == "cancelled")
    answer = client.get(f"{location}/result")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("cancelled")
    again = submit(client, n)
    assert again.status_code == 202
    assert again.json()["status"] == "queued"
    assert again.json()["error"] is None
    client.delete(location)
    eventually(lambda: status_of(client, location) == "cancelled")


def test_many_are_cancelled_at_once(client):
    running = start_running(client)
    n = fresh(600_000_001, 700_000_000)
    waiting = [submit(client, n + step).headers["Location"] for step in range(5)]
    locations = [running, *waiting]
    # As many ids as one request may have; nobody has submitted most of them.
    ids = [location.rpartition("/")[2] for location in locations]
    ids += [str(uuid4()) for _ in range(10_000 - len(ids))]
    answer = client.post("/calculations/cancel", json={"ids": ids})
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["cancelling"] >= 1
    assert (receipt["cancelled"] + receipt["cancelling"], receipt["next"]) == (6, None)
    for location in locations:
        final = client.get(location, headers={"Prefer": "wait=20"}).json()
        assert final["status"] == "cancelled"
    repeated = client.post("/calculations/cancel", json={"ids": ids}).json()
    assert repeated == {"cancelled": 0, "cancelling": 0, "next": None}
