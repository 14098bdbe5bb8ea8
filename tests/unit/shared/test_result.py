"""Results: their digits counted, digested and cut."""

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.result import Result, ResultBuilder, in_chunks


@given(st.lists(st.text("0123456789", max_size=60).map(str.encode), max_size=20))
def test_a_result_does_not_depend_on_the_pieces(pieces):
    digits = b"".join(pieces)
    builder = ResultBuilder()
    for piece in pieces:
        builder.feed(piece)
    result = builder.finish(0.5)
    assert result == dataclasses.replace(Result.of(digits.decode(), 0.5), digits=None)
    assert result.digit_count == len(digits)
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
    result = Result.of(digits, 0.0)
    assert (result.head, result.tail) == (digits[:20], digits[-20:])
