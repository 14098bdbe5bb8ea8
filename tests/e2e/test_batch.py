"""POST /calculations/batch."""

from tests.e2e.numbers import fibonacci, fresh
from tests.eventually import eventually


def item(n, function="fibonacci"):
    return {"function": function, "arguments": {"n": n}}


def test_ten_thousand_are_taken_at_once_and_all_finish(client):
    first = fresh(1_000, 100_000)
    body = {"calculations": [item(n) for n in range(first, first + 10_000)]}
    answer = client.post("/calculations/batch", json=body)
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt["accepted"] + receipt["existing"] == 10_000
    assert len({one["id"] for one in receipt["calculations"]}) == 10_000
    for index in (0, 4_999, 9_999):
        path = f"/calculations/{receipt['calculations'][index]['id']}"
        document = client.get(path, headers={"Prefer": "wait=60"}).json()
        assert document["arguments"] == {"n": first + index}
        assert document["status"] == "succeeded"
        assert client.get(f"{path}/result").text == fibonacci(first + index)
    eventually(lambda: client.get("/system").json()["lanes"]["quick"]["queued"] == 0)

    def have_all_succeeded():  # the state above may be some seconds old on a busy machine
        again = client.post("/calculations/batch", json=body).json()
        assert (again["accepted"], again["existing"]) == (0, 10_000)
        return {one["status"] for one in again["calculations"]} == {"succeeded"}

    eventually(have_all_succeeded, within_seconds=60)


def test_a_repeated_item_is_one_calculation(client):
    n = fresh(200_000, 300_000)
    body = {"calculations": [item(n), item(n)]}
    receipt = client.post("/calculations/batch", json=body).json()
    assert receipt["calculations"][0] == receipt["calculations"][1]
    assert (receipt["accepted"], receipt["existing"]) == (1, 1)


def test_one_fault_stores_nothing_and_names_each_faulty_index(client):
    n = fresh(300_000, 400_000)
    body = {"calculations": [item(n), item(-1), item(1, "nothing"), 5]}
    answer = client.post("/calculations/batch", json=body)
    assert answer.status_code == 422
    pointers = [fault["pointer"] for fault in answer.json()["errors"]]
    assert pointers == [
        "/calculations/1/arguments/n",
        "/calculations/2/function",
        "/calculations/3",
    ]
    listed = client.get("/calculations", params={"limit": 1_000}).json()["calculations"]
    assert {"n": n} not in [document["arguments"] for document in listed]


def test_more_than_ten_thousand_are_refused(client):
    body = {"calculations": [item(1)] * 10_001}
    answer = client.post("/calculations/batch", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/calculations"


def test_a_batch_of_more_than_four_mebibytes_is_refused(client):
    answer = client.post(
        "/calculations/batch",
        content=b" " * (4 * 1024 * 1024 + 1),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
