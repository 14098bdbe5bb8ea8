"""Prefer: wait on submissions and look-ups."""

import time

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import submit


def test_a_wait_brings_a_quick_result_in_the_same_request(client):
    answer = submit(client, fresh(300_000, 600_000), Prefer="wait=30")
    assert answer.status_code == 200
    assert answer.json()["status"] == "succeeded"
    assert answer.json()["lane"] == "quick"
    assert answer.headers["Preference-Applied"] == "wait=30"


def test_a_look_up_can_wait_too(client):
    location = submit(client, fresh(6_000_000, 9_000_000)).headers["Location"]
    answer = client.get(location, headers={"Prefer": "wait=60"})
    assert answer.json()["status"] == "succeeded"


def test_a_wait_that_is_too_short_ends_with_202(client):
    began = time.monotonic()
    answer = submit(client, fresh(200_000_000, 300_000_000), Prefer="respond-async, wait=1")
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async, wait=1"
    assert time.monotonic() - began >= 1
    client.delete(answer.headers["Location"])


def test_a_long_wait_is_cut_to_a_minute(client):
    answer = submit(client, 10, Prefer="wait=100000")
    assert answer.headers["Preference-Applied"] == "wait=60"


def test_nonsense_in_prefer_is_ignored(client):
    for nonsense in ("wait=soon", "wait=-1", "wait", "=;,", "x" * 2_000):
        answer = submit(client, 10, Prefer=nonsense)
        assert answer.status_code == 200
        assert "Preference-Applied" not in answer.headers
