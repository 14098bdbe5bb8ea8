"""How much of a pool of connections is used."""


class Usage:
    """Counts the requests that have or want one of `size` connections. Enter it for each."""

    __slots__ = ("_requests", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._requests = 0

    def __enter__(self) -> None:
        self._requests += 1

    def __exit__(self, *_: object) -> None:
        self._requests -= 1

    @property
    def in_use(self) -> int:
        """How many connections are used."""
        return min(self._requests, self._size)

    @property
    def waiting(self) -> int:
        """How many requests wait for one."""
        return max(0, self._requests - self._size)
