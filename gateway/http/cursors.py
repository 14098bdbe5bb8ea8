"""Cursors: places in a list as text for URLs and bodies."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid

#: The creation time and the id of a calculation.
Position = tuple[datetime, UUID]

#: The form of a cursor: microseconds since 1970 (until the year 2286), and an id. It says which
#: texts are cursors, so that the description of the API can, too.
CURSOR_PATTERN = (
    "^(0|[1-9][0-9]{0,15})-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"
)

_CURSOR = re.compile(CURSOR_PATTERN, re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def encode_cursor(position: Position) -> str:
    """Return the position as text, of the form CURSOR_PATTERN."""
    moment, identity = position
    return f"{(moment - _EPOCH) // _MICROSECOND}-{identity}"


def decode_cursor(cursor: str) -> Position:
    """Return the position of a cursor; raise ArgumentsInvalid unless it has that form."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        detail = "cursor must be taken from the `next` of an earlier response."
        raise ArgumentsInvalid([Fault("/cursor", detail)])
    return _EPOCH + int(found[1]) * _MICROSECOND, UUID(found[2])
