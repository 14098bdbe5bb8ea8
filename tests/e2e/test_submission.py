"""From a submission to the right digits."""

import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.numbers import fibonacci, fresh

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:reckoner:calculation")


def submit(client, n, **headers):
    return client.post(
        "/calculations", json={"function": "fibonacci", "arguments": {"n": n}}, headers=headers
    )


def finish(client, n):
    """Return the document of F(n) once it is final."""
    answer = submit(client, n, Prefer="wait=60")
    while answer.status_code == 202 or answer.json()["status"] in ("queued", "running"):
        location = answer.headers.get("Location") or answer.json()["links"]["self"]
        answer = client.get(location, headers={"Prefer": "wait=60"})
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("n", [0, 1, 10, 30, 31, 1_000, 100_000, 10_000_000])
def test_every_size_ends_with_the_right_digits(client, n):
    document = finish(client, n)
    digits = fibonacci(n)
    assert document["status"] == "succeeded"
    assert document["arguments"] == {"n": n}
    assert document["result"]["digits"] == len(digits)
    assert document["result"]["sha256"] == hashlib.sha256(digits.encode()).hexdigest()
    assert document["result"]["head"] == digits[:20]
    assert document["result"]["tail"] == digits[-20:]
    assert document["result"]["value"] == (digits if len(digits) <= 1_000 else None)
    assert client.get(document["result"]["href"]).text == digits
    assert client.get(f"/calculate/{n}").text == f"fibonacci({n}) = {digits}\n"


def test_a_hundred_millionth_number_has_its_digits(client):
    document = finish(client, 100_000_000)
    digits = fibonacci(100_000_000)
    assert document["result"]["digits"] == len(digits) == 20_898_764
    assert document["result"]["sha256"] == hashlib.sha256(digits.encode()).hexdigest()
    assert document["lane"] == "heavy"


def test_a_client_can_compute_the_id(client):
    n = fresh(0, 20_000)
    arguments = json.dumps({"n": n}, separators=(",", ":"))
    expected = uuid.uuid5(NAMESPACE, f"fibonacci/1/{arguments}")
    assert submit(client, n).json()["id"] == str(expected)


def test_the_same_submission_is_the_same_calculation(client):
    n = fresh(2_000_000, 3_000_000)
    first, second = finish(client, n), finish(client, n)
    assert first == second
    assert first["attempts"] == 1


@pytest.mark.parametrize("least", [1_000_000, 6_000_000], ids=["quick", "heavy"])
def test_two_hundred_equal_submissions_at_once_run_once(base_url, least):
    n = fresh(least, least * 3 // 2)
    with (
        httpx.Client(base_url=base_url, timeout=90, limits=httpx.Limits(max_connections=200)) as c,
        ThreadPoolExecutor(200) as threads,
    ):
        answers = list(threads.map(lambda _: submit(c, n, Prefer="wait=60"), range(200)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len({answer.json()["result"]["sha256"] for answer in answers}) == 1
        assert {answer.json()["attempts"] for answer in answers} == {1}


def test_an_unfinished_submission_has_location_and_retry_after(client):
    answer = submit(client, fresh(20_000_000, 30_000_000))
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/calculations/{answer.json()['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["result"] is None
    client.delete(answer.headers["Location"])


def test_a_finished_submission_has_content_location(client):
    answer = submit(client, fresh(0, 1_000))
    assert answer.status_code == 200
    assert answer.headers["Content-Location"] == f"/calculations/{answer.json()['id']}"


def test_integers_beyond_double_precision_are_read_exactly(client):
    """As a double, 2^53 + 1 would be 2^53."""
    answer = submit(client, 2**53 + 1)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/arguments/n"
    assert error["detail"].endswith("it is 9007199254740993.")


def test_another_function_is_served_alike(client):
    body = {"function": "factorial", "arguments": {"n": 25}}
    document = client.post("/calculations", json=body, headers={"Prefer": "wait=30"}).json()
    assert document["result"]["value"] == "15511210043330985984000000"  # OEIS A000142
