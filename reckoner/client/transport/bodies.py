"""The body of an answer that is read whole, with limits: what answers may not be Reckoner."""

import time

import httpx

from reckoner.client.errors import ServiceUnreachable
from reckoner.client.transport.steps import Reply

#: A page of 1,000 documents, each with the longest arguments and value, has less.
_MAX_BYTES = 256 * 1024 * 1024

#: Beyond the time for which the request may be held. No page takes so long on any connection.
_MAX_SECONDS = 600.0


class Body:
    """Collects the pieces of one response."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._pieces: list[bytes] = []
        self._length = 0
        self._end = time.monotonic() + _MAX_SECONDS

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises ServiceUnreachable, and httpx.ReadTimeout."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > _MAX_BYTES:
            raise ServiceUnreachable(
                f"{self._response.url} answered with more than Reckoner ever does. "
                "Check the URL, and the proxies on the way."
            )
        if time.monotonic() > self._end:
            raise httpx.ReadTimeout("the answer does not end")

    def reply(self) -> Reply:
        """Return the whole."""
        return Reply(self._response.status_code, self._response.headers, b"".join(self._pieces))
