"""A package full of faults harms its own calculations, and the service goes on."""

import time

import httpx
import pytest

from tests.faulty.registrations import MODULES
from tests.plug_ins import FAULTY_PACKAGE

pytestmark = pytest.mark.slow

#: For all of them together; those that are not final by then fail their tests.
_WAIT_SECONDS = 45

#: Of each function that fails its calculation: the reason, and words of the sentence.
FAILING = {
    "check_raises": ("result-wrong", "The check of the result raised KeyError: 'table of values'."),
    "check_says_no": ("result-wrong", "The result did not pass its check."),
    "returns_a_set": ("result-invalid", "The result is not JSON: it is of the type set."),
    "returns_nan": ("result-invalid", "The result is not JSON: its member /mean is nan."),
    "returns_another_type": ("result-invalid", "return annotation: it is of the type list"),
    "returns_nothing": ("result-invalid", "return annotation: it is None"),
    "returns_words_for_digits": ("result-invalid", "returned something other than decimal digits"),
    "yields_numbers": ("result-invalid", "The function yielded an int"),
    "fails_half_way": ("function-failed", "OSError: the disk went away"),
    "exits": ("function-failed", "The function raised SystemExit."),
    "exits_at_once": ("process-died", "exited without a result (exit status 0)"),
    "takes_all_memory": ("memory-limit", "268,435,456 bytes"),
    "recurses_for_ever": ("function-failed", "RecursionError"),
    "never_returns": ("time-limit", "longer than the 1 second"),
    "raises_with_a_long_text": ("function-failed", "ValueError: no no no"),
    "raises_the_unspeakable": ("function-failed", "Unspeakable"),
    "quick_raises": ("function-failed", "LookupError: no row 7"),
    "quick_exits": ("function-failed", "The function raised SystemExit."),
    "quick_returns_a_set": ("result-invalid", "The result is not JSON"),
    "quick_check_says_no": ("result-wrong", "The result did not pass its check."),
    "quick_raises_the_unspeakable": ("function-failed", "Unspeakable"),
}

#: Of each that is only impolite: its result.
SUCCEEDING = {
    "prints": "5",
    "forks": "5",
    "tells_impossible_progress": "5",
    "estimate_raises": "5",
    "estimate_is_text": "5",
    "estimate_is_negative": "5",
    "estimate_is_nan": "5",
    "estimate_is_none": "5",
}


@pytest.fixture(scope="module")
def client(base_url):
    with httpx.Client(base_url=base_url, timeout=90) as client:
        yield client


def workers(client):
    """Which worker processes there are."""
    return {(worker["id"], worker["pid"]) for worker in client.get("/system").json()["workers"]}


@pytest.fixture(scope="module")
def before(client):
    return workers(client)


@pytest.fixture(scope="module")
def documents(client, before):
    """The last document of one calculation of each function that can be called."""
    names = sorted((*FAILING, *SUCCEEDING), key="never_returns".__eq__)  # the slowest last
    body = {"calculations": [{"function": name, "arguments": {"n": 5}} for name in names]}
    answer = client.post("/calculations/batch", json=body)
    assert answer.status_code == 202, answer.text
    paths = [f"/calculations/{one['id']}" for one in answer.json()["calculations"]]
    give_up = time.monotonic() + _WAIT_SECONDS
    found = {}
    for name, path in zip(names, paths, strict=True):
        left = max(1, round(give_up - time.monotonic()))
        found[name] = client.get(path, headers={"Prefer": f"wait={left}"}).json()
    return found


@pytest.mark.parametrize("name", FAILING)
def test_a_calculation_that_fails_says_why(documents, name):
    reason, words = FAILING[name]
    error = documents[name]["error"]
    assert documents[name]["status"] == "failed"
    assert error["type"] == f"urn:reckoner:problem:{reason}"
    assert words in error["detail"]
    assert len(error["detail"]) < 2_000
    assert "Traceback" not in error["detail"]


@pytest.mark.parametrize("name", SUCCEEDING)
def test_a_function_that_is_only_impolite_has_its_result(client, documents, name):
    document = documents[name]
    assert document["status"] == "succeeded", document["error"]
    assert client.get(document["result"]["href"]).text == SUCCEEDING[name]


def test_arguments_that_a_function_changes_stay_those_of_the_calculation(client):
    body = {"function": "changes_its_arguments", "arguments": {"numbers": [3, 1, 2]}}
    document = client.post("/calculations", json=body, headers={"Prefer": "wait=10"}).json()
    assert document["arguments"] == {"numbers": [3, 1, 2]}
    assert client.get(document["result"]["href"]).json() == [1, 2, 3, 0]


def test_each_function_that_cannot_be_offered_is_named_in_the_catalogue(client):
    catalogue = client.get("/functions").json()
    assert {one["entry_point"] for one in catalogue["problems"]} >= set(MODULES)
    assert {one["package"] for one in catalogue["problems"]} == {FAULTY_PACKAGE}
    assert "fibonacci" in {one["name"] for one in catalogue["functions"]}


def test_the_service_goes_on(client, before, documents):
    assert client.get("/health/ready").status_code == 200
    for n in (5_000, 3_000_000):  # quick and heavy
        body = {"function": "fibonacci", "arguments": {"n": n}}
        answer = client.post("/calculations", json=body, headers={"Prefer": "wait=60"})
        assert answer.json()["status"] == "succeeded"
    assert workers(client) == before
