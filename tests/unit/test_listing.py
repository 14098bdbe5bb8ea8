"""Cursors: what a page gives is taken back, anything else is refused."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.listing import decode_cursor, encode_cursor
from shared.errors import ArgumentsInvalid


@given(moment=st.datetimes(timezones=st.just(UTC)), identity=st.uuids())
def test_a_cursor_is_taken_back_to_the_microsecond(moment, identity):
    assert decode_cursor(encode_cursor((moment, identity))) == (moment, identity)


@given(cursor=st.text(max_size=80))
def test_anything_else_is_refused(cursor):
    with pytest.raises(ArgumentsInvalid):
        decode_cursor(cursor)
