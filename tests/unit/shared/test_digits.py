"""Digits counted, digested and cut."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.digits import DigitsSummary, in_chunks


@given(st.lists(st.text("0123456789", max_size=60).map(str.encode), max_size=20))
def test_a_summary_does_not_depend_on_the_pieces(pieces):
    digits = b"".join(pieces)
    summary = DigitsSummary()
    for piece in pieces:
        summary.feed(piece)
    result = summary.finished(None, 0.5)
    assert result == DigitsSummary(digits).finished(None, 0.5)
    assert result.digits == len(digits)
    assert result.sha256 == hashlib.sha256(digits).hexdigest()
    assert result.head == digits[:20].decode()
    assert result.tail == digits[-20:].decode()


@given(st.lists(st.binary(max_size=60), max_size=20), st.integers(1, 50))
def test_chunks_are_the_same_bytes_and_all_but_the_last_are_full(pieces, length):
    chunks = list(in_chunks(pieces, length))
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) == length for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= length for chunk in chunks)


@pytest.mark.parametrize("digits", ["7", "12345678901234567890", "123456789012345678901"])
def test_head_and_tail_of_short_results_may_overlap(digits):
    result = DigitsSummary(digits.encode()).finished(digits, 0.0)
    assert (result.head, result.tail) == (digits[:20], digits[-20:])
