"""The document of a calculation, from its row."""

import json
from datetime import timedelta, timezone

import pytest

from gateway.http.document import encode_document, rfc3339
from gateway.http.limits import MAX_VALUE_BYTES, MAX_VALUE_DIGITS
from shared.result import PREVIEW_CHARACTERS
from tests.factories import MOMENT, make_row

IDENTITY = make_row().id


def document(row):
    """Return the document as a client reads it."""
    return json.loads(encode_document(row))


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
        "published_at": None,
        "started_at": None,
        "finished_at": None,
        "compute_seconds": None,
        "peak_bytes": None,
        "submitted_by": None,
        "cancelled_by": None,
        "estimate": {
            "seconds": 0.001235,
            "bytes": 30_000_000,
            "digits": 16,
            "source": "function",
        },
        "result": None,
        "error": None,
        "history": [],
        "links": {"self": path, "result": f"{path}/result", "events": f"{path}/events"},
    }


def test_a_succeeded_one_shows_its_result():
    shown = document(make_succeeded("5527939700884757"))
    assert shown["result"] == {
        "media_type": "text/plain; charset=us-ascii",
        "length": 16,
        "sha256": "a digest",
        "check": "residue",
        "digits": 16,
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


def make_result_row(kind, *, value=None, data=None, length=None, **columns):
    """Return a row that has succeeded with a short result of some kind."""
    stored = data if value is None else value.encode()
    return make_row(
        **{
            "status": "succeeded",
            "finished_at": MOMENT,
            "result_kind": kind,
            "result_length": len(stored or b"") if length is None else length,
            "result_sha256": "a digest",
            "result_value": value,
            "result_bytes": None if data is None else memoryview(data),
            **columns,
        }
    )


def test_json_stands_in_the_document_byte_for_byte():
    value = '{"big":123456789012345678901234567890,"small":1e-7,"text":"\\u2028\\n"}'
    row = make_result_row("json", value=value)
    assert f'"value": {value}, "head": null, "tail": null, ' in encode_document(row)
    shown = document(row)["result"]
    assert (shown["media_type"], shown["length"]) == ("application/json", len(value))
    assert "digits" not in shown


def test_integers_that_python_refuses_to_parse_stand_in_the_document():
    arguments, value = '{"n":' + "7" * 5_000 + "}", "9" * 5_000
    text = encode_document(make_result_row("json", value=value, arguments_text=arguments))
    assert f'"arguments": {arguments}, "status"' in text
    assert f'"value": {value}, ' in text


def test_the_arguments_are_their_canonical_text_whatever_postgresql_made_of_them():
    text = '{"x":1e+22,"y":0}'
    row = make_row(arguments_text=text, arguments={"x": 10**22, "y": -0.0})
    assert f'"arguments": {text}, ' in encode_document(row)


@pytest.mark.parametrize(
    "text", ["", "two\nlines\r\n", 'quotes " and \\', "\u2028 ü 漢 😀", "a\0b"]
)
def test_text_is_a_string_without_a_raw_newline(text):
    stored = {"data": text.encode()} if "\0" in text else {"value": text}
    row = make_result_row("text", **stored, result_head=text[:20], result_tail=text[-20:])
    encoded = encode_document(row)
    assert encoded.isascii()
    assert "\n" not in encoded
    assert "\r" not in encoded
    shown = json.loads(encoded)["result"]
    assert (shown["value"], shown["head"], shown["tail"]) == (text, text[:20], text[-20:])
    assert shown["media_type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize("length", [8_191, 8_192, 8_193])
def test_only_text_and_json_of_up_to_8_kib_are_shown_whole(kind, length):
    value = f'"{"x" * (length - 2)}"'
    shown = document(make_result_row(kind, value=value))["result"]["value"]
    whole = json.loads(value) if kind == "json" else value
    assert shown == (whole if length <= MAX_VALUE_BYTES == 8_192 else None)


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG"])
def test_bytes_are_never_shown(data):
    row = make_result_row("bytes", data=data, result_media_type="image/png")
    result = document(row)["result"]
    assert (result["value"], result["head"], result["tail"]) == (None, None, None)
    assert (result["media_type"], result["length"]) == ("image/png", len(data))


def test_a_pruned_result_has_no_value():
    row = make_result_row("json", length=10, result_pruned_at=MOMENT)
    assert document(row)["result"]["value"] is None


@pytest.mark.parametrize(
    ("kind", "stored", "shown"),
    [
        (None, None, "residue"),  # of an earlier version
        ("digits", "residue", "residue"),
        ("digits", None, None),
        ("json", "check", "check"),
        ("bytes", "recomputed", "recomputed"),
        ("text", None, None),
    ],
)
def test_the_check_is_the_one_that_was_made(kind, stored, shown):
    row = make_result_row(kind, value="1", result_digits=1, result_check=stored)
    assert document(row)["result"]["check"] == shown


def test_a_function_may_have_no_estimate_or_one_without_digits():
    none = {"estimate_seconds": None, "estimate_bytes": None, "estimate_digits": None}
    assert document(make_row(**none))["estimate"] is None
    learnt = make_row(
        estimate_seconds=2.5, estimate_bytes=7, estimate_digits=None, estimate_source="history"
    )
    assert document(learnt)["estimate"] == {
        "seconds": 2.5,
        "bytes": 7,
        "digits": None,
        "source": "history",
    }


def test_the_peak_of_memory_is_shown():
    assert document(make_row(peak_bytes=123_456_789))["peak_bytes"] == 123_456_789
