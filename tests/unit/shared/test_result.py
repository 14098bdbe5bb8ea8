"""Results: their bytes counted, digested and cut."""

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reckoner.authoring.results.kinds import ResultKind
from shared.result import CHUNK_BYTES, ROW_BYTES, Result, ResultBuilder, in_chunks


@given(
    st.sampled_from(ResultKind),
    st.lists(st.text("0123456789", max_size=60).map(str.encode), max_size=20),
)
def test_a_result_does_not_depend_on_the_pieces(kind, pieces):
    data = b"".join(pieces)
    builder = ResultBuilder(kind)
    for piece in pieces:
        builder.feed(piece)
    result = builder.finish(0.5, check="check")
    assert result == dataclasses.replace(Result.of(kind, data, 0.5, check="check"), data=None)
    assert result.length == len(data)
    assert result.sha256 == hashlib.sha256(data).hexdigest()


@given(st.text("0123456789", max_size=100))
def test_the_ends_of_digits_are_their_first_and_last_twenty(digits):
    result = Result.of(ResultKind.DIGITS, digits.encode(), 0.0)
    assert (result.head, result.tail) == (digits[:20], digits[-20:])


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=100))
def test_the_ends_of_text_are_whole_characters(text):
    result = Result.of(ResultKind.TEXT, text.encode(), 0.0)
    assert (result.head, result.tail) == (text[:20], text[-20:])


def test_the_ends_of_text_can_be_stored_as_text():
    result = Result.of(ResultKind.TEXT, b"a\0b", 0.0)
    assert (result.head, result.tail) == ("a\N{REPLACEMENT CHARACTER}b",) * 2


@pytest.mark.parametrize("kind", [ResultKind.JSON, ResultKind.BYTES])
def test_other_kinds_have_no_ends(kind):
    result = Result.of(kind, b"[1]", 0.0)
    assert (result.head, result.tail) == (None, None)


@pytest.mark.parametrize("kind", ResultKind)
@pytest.mark.parametrize("length", [ROW_BYTES, ROW_BYTES + 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_a_result_is_in_its_row_or_in_chunks(kind, length):
    result = Result.of(kind, b"7" * length, 0.0)
    in_row = result.bytes_in_row if kind is ResultKind.BYTES else result.text_in_row
    assert (in_row is not None) is (length <= ROW_BYTES) is result.is_in_row
    assert (result.chunks() == []) is result.is_in_row
    assert b"".join(result.chunks()) == (b"" if result.is_in_row else b"7" * length)


def test_text_with_a_nul_is_in_its_row_as_bytes():
    result = Result.of(ResultKind.TEXT, b"a\0b", 0.0)
    assert (result.text_in_row, result.bytes_in_row) == (None, b"a\0b")


@pytest.mark.parametrize("kind", [ResultKind.TEXT, ResultKind.BYTES])
def test_an_empty_result_is_in_its_row(kind):
    result = Result.of(kind, b"", 0.0)
    in_row = result.bytes_in_row if kind is ResultKind.BYTES else result.text_in_row
    assert in_row is not None
    assert not in_row
    assert result.chunks() == []


@given(st.lists(st.binary(max_size=60), max_size=20), st.integers(1, 50))
def test_chunks_are_the_same_bytes_and_all_but_the_last_are_full(pieces, length):
    chunks = list(in_chunks(pieces, length))
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) == length for chunk in chunks[:-1])
    assert all(0 < len(chunk) <= length for chunk in chunks)
