"""GET /calculations: newest first, in pages."""

import httpx
import pytest

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import finish, submit
from tests.eventually import eventually


def pages(client, path):
    """Yield the pages, beginning at this path."""
    while path:
        page = client.get(path).json()
        yield page["calculations"]
        path = page["next"]


def listed(client, path, *, down_to):
    """Return the documents up to these ids; fail if the list ends before."""
    seen = []
    for page in pages(client, path):
        seen += page
        if down_to <= {document["id"] for document in seen}:
            return seen
    raise AssertionError(f"the list ended after {len(seen)}")


def test_pages_hold_every_calculation_once_and_newest_first(client):
    first = fresh(111_000, 150_000)  # beyond the ten thousand of test_batch
    made = [submit(client, n).json()["id"] for n in range(first, first + 25)]
    seen = listed(client, "/calculations?limit=7", down_to=set(made))
    ids = [document["id"] for document in seen]
    assert len(set(ids)) == len(ids)
    assert [identity for identity in ids if identity in made] == made[::-1]
    times = [document["created_at"] for document in seen]
    assert times == sorted(times, reverse=True)
    for document in seen:
        if document["id"] in made:
            assert (
                client.get(document["links"]["self"]).json()["arguments"] == document["arguments"]
            )


@pytest.mark.parametrize("limit", [1, 3, 1_000])
def test_a_page_has_the_requested_length(client, limit):
    for n in range(4):
        finish(client, n)
    page = client.get(f"/calculations?limit={limit}").json()
    assert len(page["calculations"]) == limit or (limit == 1_000 and page["next"] is None)


def test_a_page_stays_right_while_calculations_are_added(client):
    base = fresh(151_000, 189_000)  # beyond the ten thousand of test_batch, which are older
    made = [submit(client, n).json() for n in range(base, base + 4)]
    # Others may submit meanwhile: what is older than the first of these is of no interest here.
    mine = {document["id"]: document["created_at"] for document in made}
    assert len(mine) == 4
    path = f"/calculations?function=fibonacci&created_after={min(mine.values())}"
    page = client.get(f"{path}&limit=2").json()
    added = submit(client, fresh(190_000, 199_000)).json()["id"]
    listed = [*page["calculations"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        listed += page["calculations"]
    ids = [document["id"] for document in listed]
    times = [document["created_at"] for document in listed]
    assert times == sorted(times, reverse=True)
    assert [identity for identity in ids if identity in mine] == list(mine)[::-1], (mine, listed)
    assert added not in ids
    assert len(set(ids)) == len(ids)


@pytest.fixture(scope="module")
def one_of_each(base_url):
    """Ids of a calculation that succeeded, one that was cancelled and one that runs."""

    with httpx.Client(base_url=base_url, timeout=90) as client:
        running, cancelled = (
            submit(client, fresh(400_000_000, 500_000_000)).json()["id"] for _ in range(2)
        )
        client.delete(f"/calculations/{cancelled}")
        eventually(lambda: status_of(client, cancelled) == "cancelled")
        eventually(lambda: status_of(client, running) == "running")
        body = {"function": "factorial", "arguments": {"n": fresh(0, 100)}}
        succeeded = client.post("/calculations", json=body).json()["id"]
        yield {"running": running, "cancelled": cancelled, "succeeded": succeeded}
        client.delete(f"/calculations/{running}")


def status_of(client, identity):
    return client.get(f"/calculations/{identity}").json()["status"]


@pytest.mark.parametrize("status", ["running", "cancelled", "succeeded"])
def test_the_list_can_be_filtered_by_status(client, one_of_each, status):
    seen = listed(client, f"/calculations?status={status}&limit=3", down_to={one_of_each[status]})
    assert {document["status"] for document in seen} == {status}


@pytest.mark.parametrize(
    ("status", "function"), [("running", "fibonacci"), ("succeeded", "factorial")]
)
def test_the_list_can_be_filtered_by_function_on_every_page(client, one_of_each, status, function):
    for filters in (f"function={function}", f"status={status}&function={function}"):
        path = f"/calculations?{filters}&limit=2"
        seen = listed(client, path, down_to={one_of_each[status]})
        assert {document["function"] for document in seen} == {function}


def test_filters_that_match_nothing_give_an_empty_list(client, one_of_each):
    for filtered in ("function=none", "status=succeeded&function=none", "lane=quick&function=none"):
        page = client.get(f"/calculations?{filtered}").json()
        assert page == {"calculations": [], "next": None}


def test_the_last_page_has_no_next(client, one_of_each):
    *_, last = pages(client, "/calculations?status=running&limit=1")
    assert len(last) == 1
