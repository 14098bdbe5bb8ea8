"""The document of a calculation, from its row."""

from datetime import timedelta, timezone

import pytest

from gateway.http.document import document, rfc3339
from gateway.http.limits import MAX_VALUE_DIGITS
from shared.result import PREVIEW_CHARACTERS
from tests.factories import MOMENT, make_row

IDENTITY = make_row().id


def make_succeeded(digits, **columns):
    return make_row(
        status="succeeded",
        progress=1.0,
        attempt=2,
        started_at=MOMENT,
        finished_at=MOMENT + timedelta(seconds=1),
        compute_seconds=0.12345649,
        result_digits=len(digits),
        result_sha256="a digest",
        result_head=digits[:PREVIEW_CHARACTERS],
        result_tail=digits[-PREVIEW_CHARACTERS:],
        result_value=digits,
        **columns,
    )


def test_a_queued_one_has_all_members_and_no_result():
    path = f"/calculations/{IDENTITY}"
    assert document(make_row()) == {
        "id": str(IDENTITY),
        "function": "fibonacci",
        "version": 1,
        "arguments": {"n": 77},
        "status": "queued",
        "lane": "quick",
        "progress": 0.0,
        "attempts": 0,
        "created_at": "2026-11-26T10:30:15.123Z",
        "started_at": None,
        "finished_at": None,
        "compute_seconds": None,
        "estimate": {"seconds": 0.001235, "digits": 16, "bytes": 30_000_000},
        "result": None,
        "error": None,
        "history": [],
        "links": {"self": path, "result": f"{path}/result", "events": f"{path}/events"},
    }


def test_a_succeeded_one_shows_its_result():
    shown = document(make_succeeded("5527939700884757"))
    assert shown["result"] == {
        "digits": 16,
        "sha256": "a digest",
        "value": "5527939700884757",
        "head": "5527939700884757",
        "tail": "5527939700884757",
        "href": f"/calculations/{IDENTITY}/result",
    }
    assert (shown["attempts"], shown["compute_seconds"]) == (2, 0.123456)
    assert shown["finished_at"] == "2026-11-26T10:30:16.123Z"


@pytest.mark.parametrize("length", [MAX_VALUE_DIGITS - 1, MAX_VALUE_DIGITS, MAX_VALUE_DIGITS + 1])
def test_only_short_results_are_shown_whole(length):
    digits = "1" + "2" * (length - 2) + "3"
    result = document(make_succeeded(digits))["result"]
    assert result["value"] == (digits if length <= 1_000 else None)
    assert (result["head"], result["tail"]) == (digits[:20], digits[-20:])


def test_a_failed_one_shows_its_error_and_no_result():
    error = {"type": "urn:reckoner:problem:memory-limit"}
    shown = document(make_row(status="failed", error=error))
    assert (shown["error"], shown["result"]) == (error, None)


def test_progress_is_shown_to_four_places():
    assert document(make_row(progress=1 / 3))["progress"] == 0.3333


def test_times_of_the_history_have_the_same_format():
    entry = {
        "attempt": 1,
        "worker": "w",
        "outcome": "lost",
        "began_at": "2026-11-26T12:30:15.5+02:00",
        "ended_at": "2026-11-26T10:30:16.25+00:00",
    }
    (shown,) = document(make_row(history=[entry]))["history"]
    assert shown == {
        **entry,
        "began_at": "2026-11-26T10:30:15.500Z",
        "ended_at": "2026-11-26T10:30:16.250Z",
    }


def test_times_are_in_utc():
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-8)))
    assert rfc3339(elsewhere) == "2026-11-26T10:30:15.123Z"
    assert rfc3339(None) is None
