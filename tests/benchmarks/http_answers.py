"""Just enough of HTTP/1.1 to know when an answer is over and what its status was."""


class AnswerReader:
    """Reads one answer after the other from a connection; bodies are counted and dropped."""

    __slots__ = ("_has_chunks", "_in_body", "_is_last", "_left", "_pending", "closes", "status")

    def __init__(self) -> None:
        self.status = 0
        self.closes = False
        self._pending = b""
        self._in_body = False
        self._has_chunks = False
        self._is_last = False
        self._left = 0

    def feed(self, data: bytes) -> bool:
        """Take what arrived; say whether the answer is complete.

        Raises ValueError if the answer has no length.
        """
        if self._pending:
            data = self._pending + data
            self._pending = b""
        if not self._in_body:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._pending = data
                return False
            self._read_head(data[: end + 2].lower())
            data = data[end + 4 :]
        is_complete = self._skip_chunks(data) if self._has_chunks else self._skip(data)
        if is_complete:
            self._in_body = False
        return is_complete

    def _read_head(self, head: bytes) -> None:
        self.status = int(head[9:12])
        self.closes = b"\r\nconnection: close\r\n" in head
        self._in_body = True
        self._is_last = False
        self._has_chunks = b"\r\ntransfer-encoding: chunked\r\n" in head
        self._left = 0
        if self._has_chunks or self.status in (204, 304):
            return
        start = head.find(b"\r\ncontent-length:")
        if start < 0:
            raise ValueError("neither Content-Length nor chunks")
        self._left = int(head[start + 17 : head.index(b"\r\n", start + 17)])

    def _skip(self, data: bytes) -> bool:
        self._left -= len(data)
        return self._left <= 0

    def _skip_chunks(self, data: bytes) -> bool:
        while data:
            if self._left:  # what is left of a chunk, with the line's end behind it
                skipped = min(self._left, len(data))
                self._left -= skipped
                data = data[skipped:]
                if self._is_last and not self._left:
                    return True
                continue
            line, line_end, rest = data.partition(b"\r\n")
            if not line_end:
                self._pending = data
                return False
            size = int(line.partition(b";")[0], 16)
            self._is_last = size == 0
            self._left = size + 2
            data = rest
        return False
