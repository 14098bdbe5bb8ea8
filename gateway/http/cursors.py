"""Cursors: places in a list as opaque text for URLs and bodies."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from uuid import UUID

from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid

#: The creation time and the id of a calculation.
Position = tuple[datetime, UUID]


def encode_cursor(position: Position) -> str:
    """Return the position as opaque text."""
    moment, identity = position[0].astimezone(UTC), position[1]
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {identity}".encode()).decode()


def decode_cursor(cursor: str) -> Position:
    """Return the position of a cursor; raise ArgumentsInvalid unless encode_cursor made it."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        moment, _, identity = text.partition(" ")
        position = datetime.fromisoformat(moment), UUID(identity)
        if position[0].utcoffset() != timedelta() or encode_cursor(position) != cursor:
            raise ValueError(cursor)
    except (ValueError, binascii.Error) as error:
        detail = "cursor must be taken from the `next` of an earlier response."
        raise ArgumentsInvalid([Fault("/cursor", detail)]) from error
    return position
