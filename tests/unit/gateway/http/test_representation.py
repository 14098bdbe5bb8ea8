"""Ranges compared to slices, and validators."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.results.representation import Outcome, Representation, accepts_gzip

BODY = b"0123456789"
REPRESENTATION = Representation(len(BODY), hashlib.sha256(BODY).hexdigest())


def select(**headers):
    names = ("if_match", "if_none_match", "range_header", "if_range")
    return REPRESENTATION.select(**(dict.fromkeys(names) | headers))


@given(first=st.integers(0, 30), last=st.integers(0, 30))
def test_a_range_means_what_a_slice_means(first, last):
    selection = select(range_header=f"bytes={first}-{last}")
    if last < first:
        assert selection.outcome is Outcome.WHOLE
    elif first >= len(BODY):
        assert selection.outcome is Outcome.RANGE_NOT_SATISFIABLE
    else:
        assert selection.outcome is Outcome.PART
        assert BODY[selection.first : selection.end] == BODY[first : last + 1]


@given(count=st.integers(0, 30))
def test_a_suffix_means_the_last_bytes(count):
    selection = select(range_header=f"bytes=-{count}")
    if count == 0:
        assert selection.outcome is Outcome.RANGE_NOT_SATISFIABLE
    else:
        assert BODY[selection.first : selection.end] == BODY[-count:]


@given(text=st.text(max_size=40))
def test_no_header_makes_the_selection_fail(text):
    selection = select(range_header=text, if_none_match=text, if_range=text)
    assert 0 <= selection.first <= selection.end <= len(BODY)


@pytest.mark.parametrize(
    "header",
    ["bytes=1 0-2 0", "bytes=1 -2", "bytes = 1-2", "bytes=1-2,", "by tes=1-2", "bytes=+1-2", "1-2"],
)
def test_a_range_that_is_not_well_formed_is_ignored(header):
    assert select(range_header=header).outcome is Outcome.WHOLE


def test_the_units_case_and_surrounding_spaces_are_ignored():
    assert select(range_header=" Bytes=1-2 ").outcome is Outcome.PART


def test_if_match_takes_strong_tags_only():
    etag = REPRESENTATION.etag
    assert select(if_match=etag).outcome is Outcome.WHOLE
    assert select(if_match="*").outcome is Outcome.WHOLE
    assert select(if_match=f"W/{etag}").outcome is Outcome.PRECONDITION_FAILED
    assert select(if_match='"other"').outcome is Outcome.PRECONDITION_FAILED


def test_if_none_match_wins_over_a_range():
    selection = select(range_header="bytes=0-1", if_none_match=REPRESENTATION.etag)
    assert selection.outcome is Outcome.NOT_MODIFIED


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("identity", False),
        ("*", False),
        ("notgzip", False),
    ],
)
def test_gzip_is_used_only_where_it_is_named(header, expected):
    assert accepts_gzip(header) is expected
