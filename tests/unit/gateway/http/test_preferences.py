"""The Prefer header (RFC 7240): valid and invalid ones."""

import falcon.testing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.limits import MAX_WAIT_SECONDS
from gateway.http.preferences import read_preferences


def read(header):
    headers = {} if header is None else {"Prefer": header}
    return read_preferences(falcon.testing.create_asgi_req(headers=headers))


@pytest.mark.parametrize(
    ("header", "seconds", "applied"),
    [
        (None, 0, None),
        ("", 0, None),
        ("wait=5", 5, "wait=5"),
        ("Wait = 5", 5, "wait=5"),
        ('wait="5"', 5, "wait=5"),
        ("wait=0", 0, "wait=0"),
        ("wait=600", 60, "wait=60"),
        ("wait=99999999999999999999", 60, "wait=60"),
        ("wait=5, wait=9", 5, "wait=5"),
        ("wait=00007", 7, "wait=7"),
        ('foo;bar="a,wait=3"', 0, None),
        ('foo; bar="x, wait=9", wait=4', 4, "wait=4"),
        ("x" * 2_000 + ",wait=3", 0, None),
        ("respond-async", 0, "respond-async"),
        ("respond-async, wait=10", 10, "respond-async, wait=10"),
        ("wait=10,respond-async", 10, "respond-async, wait=10"),
        ("return=minimal; foo=bar, wait=7", 7, "wait=7"),
        ("handling=lenient", 0, None),
        ("wait=-5", 0, None),
        ("wait=1 0", 0, None),
        ("wait=5; foo", 5, "wait=5"),
        ("wait=1.5", 0, None),
        ("wait=²", 0, None),
    ],
)
def test_a_preference_is_honoured_or_ignored(header, seconds, applied):
    preferences = read(header)
    assert (preferences.wait_seconds, preferences.applied) == (seconds, applied)


@given(header=st.text(st.characters(codec="latin-1"), max_size=100))
def test_no_prefer_header_is_an_error(header):
    assert 0 <= read(header).wait_seconds <= MAX_WAIT_SECONDS
