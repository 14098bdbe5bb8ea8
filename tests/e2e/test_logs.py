"""A calculation can be followed through the logs of all processes by one grep."""

import json

import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: The processes of the stack by the names of their logs, and the name that their lines have.
PROCESSES = {
    "gateway": "gateway",
    "gateway.relay": "relay",
    "workers-quick": "quick",
    "workers-heavy": "heavy",
}


@pytest.fixture
def grep(base_url, state_folder):
    """Search all logs; return process and message of each line, in the order of the way."""

    def search(text):
        found = []
        for name, process in PROCESSES.items():
            lines = (state_folder / f"{name}.log").read_text().splitlines()
            for line in map(json.loads, lines):
                assert line["process"] == process
                if text in json.dumps(line):
                    found.append((process, line["message"]))
        return found

    return search


@pytest.fixture
def access_log(base_url, state_folder):
    def lines(text):
        log = (state_folder / "nginx" / "access.log").read_text()
        return [json.loads(line) for line in log.splitlines() if text in line]

    return lines


QUICK_WAY = [
    ("gateway", "Accepted a calculation for the quick lane"),
    ("relay", "Published a calculation to the quick lane"),
    ("quick", "Computed a calculation, whose results are stored"),
]
HEAVY_WAY = [
    ("gateway", "Accepted a calculation for the heavy lane"),
    ("relay", "Published a calculation to the heavy lane"),
    ("heavy", "Claimed fibonacci"),
]


@pytest.mark.parametrize(
    ("n", "way", "request_id"),
    [(1_300_007, QUICK_WAY, "a-quick-request"), (9_100_007, HEAVY_WAY, "a-heavy-request")],
)
def test_a_calculation_is_found_by_its_id_its_request_and_its_trace(
    client, grep, access_log, n, way, request_id
):
    trace_id = f"{n:032x}"
    answer = client.post(
        "/calculations",
        json={"function": "fibonacci", "arguments": {"n": n}},
        headers={
            "Prefer": "wait=60",
            "X-Request-ID": request_id,
            "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
        },
    )
    assert answer.json()["status"] == "succeeded"
    assert "traceparent" not in answer.headers
    identity = answer.json()["id"]

    def is_whole():
        found = grep(identity)
        assert found[: len(way)] == way[: len(found)]
        return len(found) >= len(way) and (
            way is QUICK_WAY or found[-1][1].startswith("Succeeded: ")
        )

    eventually(is_whole, what="a line of each step")
    assert grep(identity) == grep(request_id) == grep(trace_id)
    eventually(lambda: access_log(identity), what="NGINX's line")
    (line,) = access_log(identity)
    assert (line["request_id"], line["trace_id"]) == (request_id, trace_id)
    assert line == access_log(request_id)[0] == access_log(trace_id)[0]


def test_a_cancel_is_found_with_who_requested_it(client, grep):
    body = {"function": "fibonacci", "arguments": {"n": 900_000_007}}
    identity = client.post("/calculations", json=body).json()["id"]
    client.delete(f"/calculations/{identity}", headers={"X-Request-ID": "a-cancel"})
    (line,) = grep("a-cancel")
    assert line in (
        ("gateway", "Cancelled a calculation"),
        ("gateway", "Requested the cancel of a calculation"),
    )
    assert line in grep(identity)
