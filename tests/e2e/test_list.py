"""GET /calculations: newest first, in pages."""

from typing import Any

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import submit


def test_pages_hold_every_calculation_once_and_newest_first(client):
    first = fresh(0, 20_000)
    expected = [submit(client, n).json()["id"] for n in range(first, first + 25)]
    seen: list[dict[str, Any]] = []
    path = "/calculations?limit=7"
    while path and len(seen) < 100:
        page = client.get(path).json()
        assert len(page["calculations"]) <= 7
        seen += page["calculations"]
        path = page["next"]
    ids = [document["id"] for document in seen]
    assert len(set(ids)) == len(ids)
    times = [document["created_at"] for document in seen]
    assert times == sorted(times, reverse=True)
    assert set(expected) <= set(ids) or len(seen) >= 100


def test_a_page_stays_right_while_new_ones_come_in(client):
    base = fresh(20_000, 30_000)
    for n in range(base, base + 4):
        submit(client, n)
    page = client.get("/calculations?limit=2").json()
    submit(client, fresh(30_001, 31_000))
    following = client.get(page["next"]).json()
    both = [document["id"] for document in page["calculations"] + following["calculations"]]
    assert len(set(both)) == 4


def test_the_list_can_be_narrowed(client):
    submit(client, 10)
    client.post("/calculations", json={"function": "factorial", "arguments": {"n": 5}})
    for document in client.get("/calculations?function=factorial").json()["calculations"]:
        assert document["function"] == "factorial"
    for status in ("queued", "running", "succeeded", "failed", "cancelled"):
        listed = client.get("/calculations", params={"status": status}).json()["calculations"]
        assert {document["status"] for document in listed} <= {status}


def test_the_last_page_says_that_it_is_the_last(client):
    page = client.get("/calculations?function=no-such-function").json()
    assert page == {"calculations": [], "next": None}
