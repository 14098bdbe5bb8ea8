"""Cursors: those of a page are accepted, and nothing else is."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.cursors import decode_cursor, encode_cursor
from shared.errors import ArgumentsInvalid

MOMENT = datetime(2026, 11, 26, 10, 30, 15, 123_456, tzinfo=UTC)
IDENTITY = UUID("633c8518-213a-513b-a7e0-93f891953e0d")
MICROSECONDS = 1_795_689_015_123_456
CURSOR = encode_cursor((MOMENT, IDENTITY))


#: Until the year in which microseconds have 17 digits.
MOMENTS = st.integers(0, 10**16 - 1).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


@given(moment=MOMENTS, identity=st.uuids())
def test_a_cursor_decodes_to_its_position_to_the_microsecond(moment, identity):
    assert decode_cursor(encode_cursor((moment, identity))) == (moment, identity)


def test_a_cursor_is_in_utc_whatever_the_time_zone():
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert encode_cursor((elsewhere, IDENTITY)) == CURSOR


def test_the_refused_cursors_are_built_like_a_valid_one():
    """Each of those below differs from this one in one detail."""
    assert f"{MICROSECONDS}-{IDENTITY}" == CURSOR
    assert decode_cursor(CURSOR) == (MOMENT, IDENTITY)


@pytest.mark.parametrize(
    "cursor",
    [
        f"{MICROSECONDS}.5-{IDENTITY}",
        f"-{MICROSECONDS}-{IDENTITY}",
        f"0{MICROSECONDS}-{IDENTITY}",
        f"{MICROSECONDS}0-{IDENTITY}",
        f"{MICROSECONDS}-{str(IDENTITY).upper()}",
        f"{MICROSECONDS}-{IDENTITY.hex}",
        f"{MICROSECONDS}-{{{IDENTITY}}}",
        f"{MICROSECONDS}--{IDENTITY}",
        f"{MICROSECONDS} {IDENTITY}",
        f" {CURSOR}",
        f"{MICROSECONDS}-",
        f"{MICROSECONDS}",
        f"-{IDENTITY}",
        f"{IDENTITY}-{MICROSECONDS}",
        f"\N{ARABIC-INDIC DIGIT ONE}{CURSOR[1:]}",
        CURSOR + "\n",
        CURSOR[:-1],
        CURSOR + "0",
        "",
    ],
)
def test_an_almost_valid_cursor_is_refused(cursor):
    with pytest.raises(ArgumentsInvalid) as refusal:
        decode_cursor(cursor)
    (fault,) = refusal.value.faults
    assert fault.pointer == "/cursor"


@given(
    position=st.tuples(MOMENTS, st.uuids()),
    place=st.integers(0, 80),
    character=st.characters(codec="utf-8"),
)
def test_a_changed_cursor_is_another_position_or_refused(position, place, character):
    cursor = encode_cursor(position)
    changed = cursor[:place] + character + cursor[place + 1 :]
    try:
        decoded = decode_cursor(changed)
    except ArgumentsInvalid:
        return
    assert encode_cursor(decoded) == changed


@given(cursor=st.text(max_size=80))
def test_arbitrary_text_is_not_a_cursor(cursor):
    with pytest.raises(ArgumentsInvalid):
        decode_cursor(cursor)
