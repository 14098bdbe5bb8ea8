"""Long server-sent events in pieces: no stream has more of one in memory than its client reads."""

from collections.abc import Iterable, Iterator
from typing import Any

import falcon.asgi

#: As much is written to a connection before its client has to read.
_PIECE_CHARACTERS = 64 * 1024


class Piece(falcon.asgi.SSEvent):
    """A piece of an event, which Falcon writes as it is."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def serialize(self, handler: Any = None) -> bytes:  # noqa: ARG002 (it is text already)
        """Return the bytes to write."""
        return self.content


def event_pieces(name: str, parts: Iterable[str]) -> Iterator[Piece]:
    """Yield an event of this name, whose data are these parts of one line of text."""
    piece = [f"event: {name}\ndata: "]
    length = 0
    for part in parts:
        piece.append(part)
        length += len(part)
        if length >= _PIECE_CHARACTERS:
            yield Piece("".join(piece).encode())
            piece, length = [], 0
    piece.append("\n\n")
    yield Piece("".join(piece).encode())
