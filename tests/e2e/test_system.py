"""The catalogue, the state of the system, health, and request ids."""

import pytest

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import finish
from tests.eventually import eventually


def test_the_catalogue_shows_bounds_and_estimates(client):
    functions = {one["name"]: one for one in client.get("/functions").json()["functions"]}
    assert {"fibonacci", "factorial"} <= set(functions)
    fibonacci = functions["fibonacci"]
    schema = fibonacci["arguments"]
    assert schema["required"] == ["n"]
    assert schema["additionalProperties"] is False
    assert fibonacci["bounds"]["n"]["maximum"] == schema["properties"]["n"]["maximum"]
    assert fibonacci["bounds"]["n"]["accepted_maximum"] == 3_403_902_795  # of 4 GiB
    decades = [one["n"] for one in fibonacci["estimates"]]
    assert decades == [10**power for power in range(len(decades))]
    digits = {one["n"]: one["digits"] for one in fibonacci["estimates"]}
    assert digits[100_000_000] == 20_898_764
    assert digits[1_000_000_000] == 208_987_640
    seconds = [one["seconds"] for one in fibonacci["estimates"]]
    assert seconds == sorted(seconds)


def test_the_system_shows_workers_and_throughput(client):
    finish(client, fresh(400_000, 500_000))
    # The state may be some seconds old on a busy machine.
    eventually(lambda: client.get("/system").json()["calculations_per_minute"] >= 1)
    system = client.get("/system").json()
    assert {worker["lane"] for worker in system["workers"]} == {"quick", "heavy"}
    assert system["lanes"]["heavy"]["slots"] >= 1
    assert [worker["lacks"] for worker in system["workers"]] == [[]] * len(system["workers"])
    assert set(system["outbox"]) == {"depth", "age_seconds"}
    # A relay appears within its first seconds.
    eventually(lambda: None not in seconds_to_go(client))


def seconds_to_go(client):
    lanes = client.get("/system").json()["lanes"]
    return [lane["estimated_seconds_to_go"] for lane in lanes.values()]


def test_health_names_each_dependency(client):
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    names = {"postgresql", "relay", "rabbitmq", "quick_workers", "heavy_workers"}
    # A relay appears within its first seconds.
    eventually(lambda: client.get("/health/ready").json()["checks"] == dict.fromkeys(names, "ok"))


def test_the_index_links_to_the_routes(client):
    root = client.get("/").json()
    assert root["name"] == "Reckoner"
    for name in ("list", "functions", "system", "health"):
        assert client.get(root["links"][name]).status_code == 200


@pytest.mark.parametrize("path", ["/", "/functions", "/nowhere", "/calculations/nonsense"])
def test_a_well_formed_request_id_comes_back(client, path):
    answer = client.get(path, headers={"X-Request-ID": "order-66.b_7"})
    assert answer.headers.get_list("X-Request-ID") == ["order-66.b_7"]


@pytest.mark.parametrize("given", ["", "with space", "ü", "x" * 129, '"><script>'])
def test_another_request_id_is_replaced(client, given):
    answer = client.get("/", headers={"X-Request-ID": given.encode()})
    assert answer.headers["X-Request-ID"] not in ("", given)
    assert len(answer.headers["X-Request-ID"]) == 32


def test_get_routes_answer_head_too(client):
    for path in ("/", "/functions", "/system", "/calculations", "/health/live", "/health/ready"):
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""
