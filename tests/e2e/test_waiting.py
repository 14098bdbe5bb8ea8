"""Prefer: wait on submissions and look-ups."""

import time
from contextlib import contextmanager

from tests.e2e.numbers import fresh
from tests.e2e.test_submission import submit

#: Without notifications, a change is found by a sweep, every 15 s. Of several waits in a row, each
#: but the first would take all of that.
SWEEP_SECONDS = 15
TIMES = 4


@contextmanager
def sooner_than_by_sweeps():
    """Fail if TIMES waits in here take as long as they would without notifications."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < (TIMES - 1) * SWEEP_SECONDS


def test_a_wait_brings_a_quick_result_in_the_same_request(client):
    with sooner_than_by_sweeps():
        for _ in range(TIMES):
            answer = submit(client, fresh(300_000, 600_000), Prefer="wait=30")
            assert answer.status_code == 200
            assert answer.json()["status"] == "succeeded"
            assert answer.json()["lane"] == "quick"
            assert answer.headers["Preference-Applied"] == "wait=30"


def test_a_look_up_of_a_heavy_one_can_wait_too(client):
    with sooner_than_by_sweeps():
        for _ in range(TIMES):
            location = submit(client, fresh(20_000_000, 25_000_000)).headers["Location"]
            answer = client.get(location, headers={"Prefer": "wait=60"})
            assert answer.json()["status"] == "succeeded"
            assert answer.json()["lane"] == "heavy"


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
