"""Strict JSON: whatever is JSON is parsed exactly, and nothing else is accepted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.body import parse_json
from gateway.http.limits import MAX_NESTING
from shared.errors import BodyInvalid

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=VALUES)
def test_json_is_read_exactly(value):
    assert parse_json(json.dumps(value).encode()) == value


@given(body=st.binary(max_size=50))
def test_any_bytes_are_read_or_refused_and_never_fail_otherwise(body):
    try:
        parse_json(body)
    except BodyInvalid as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_taken_up_to_its_limit(opening, closing):
    def nested(depth):
        return opening * depth + b"1" + closing * depth

    assert json.dumps(parse_json(nested(MAX_NESTING)), separators=(",", ":")).encode() == nested(
        MAX_NESTING
    )
    with pytest.raises(BodyInvalid, match="nested"):
        parse_json(nested(MAX_NESTING + 1))
    assert parse_json(b"[[]," + nested(MAX_NESTING - 1) + b"]")  # with more brackets than that
    with pytest.raises(BodyInvalid, match="nested"):
        parse_json(b"[[]," + nested(MAX_NESTING) + b"]")
    many = b"[" + b",".join([b"[]"] * 100) + b"]"
    assert len(parse_json(many)) == 100


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"n":NaN}', "NaN"),
        (b"[Infinity]", "Infinity"),
        (b'{"a":1,"a":1}', "twice"),
        (b"[" * 100_000, "deeply"),
        (b"9" * 4_301, "4300 digits"),
        (b"\xff", "Byte 0"),
        (b"\xef\xbb\xbf{}", "line 1"),
        (b'{"a":1} x', "column 9"),
    ],
)
def test_a_fault_is_described(body, detail):
    with pytest.raises(BodyInvalid, match=detail):
        parse_json(body)
