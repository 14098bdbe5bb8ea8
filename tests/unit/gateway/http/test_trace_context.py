"""traceparent: what is a trace context, and in which form it is kept."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.trace_context import parse_traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
VALID = f"00-{TRACE}-{PARENT}-01"


def test_a_valid_one_is_kept_as_it_is():
    assert parse_traceparent(VALID) == VALID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        VALID.upper(),
        f" {VALID}",
        f"{VALID}\n",
        f"{VALID},{VALID}",
        f"{VALID}-",
        f"{VALID}-more",
        f"{VALID}.more",
        VALID[:-1],
        f"ff-{TRACE}-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}0-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-0x",
        f"00_{TRACE}_{PARENT}_01",
        f"00-{'１' * 32}-{PARENT}-01",
        f"01-{TRACE}-{PARENT}-01more",
        f"01-{TRACE}-{PARENT}-011",
    ],
)
def test_a_malformed_one_counts_as_none(text):
    assert parse_traceparent(text) is None


@pytest.mark.parametrize("rest", ["", "-", "-more", "-what-the-future-brings"])
def test_of_a_later_version_the_known_members_are_kept(rest):
    assert parse_traceparent(f"cc-{TRACE}-{PARENT}-01{rest}") == VALID


@pytest.mark.parametrize(("given_flags", "kept"), [("00", "00"), ("03", "01"), ("fe", "00")])
def test_of_the_flags_the_known_one_is_kept(given_flags, kept):
    found = parse_traceparent(f"00-{TRACE}-{PARENT}-{given_flags}")
    assert found == f"00-{TRACE}-{PARENT}-{kept}"


@given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"))
def test_what_is_kept_is_always_of_version_00(text):
    kept = parse_traceparent(text)
    assert kept is None or re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", kept)
