"""How long a slice of time to read at once, of which nobody knows how much happened in it."""

_SHORTEST_SECONDS = 1e-3


class SliceLength:
    """Doubles after slices that were small, and is halved after large ones."""

    def __init__(self, first_seconds: float, longest_seconds: float) -> None:
        self.seconds = first_seconds
        self._longest_seconds = longest_seconds

    @property
    def is_shortest(self) -> bool:
        """Whether it cannot become shorter."""
        return self.seconds <= _SHORTEST_SECONDS

    def lengthen(self) -> None:
        """Take more at once."""
        self.seconds = min(2 * self.seconds, self._longest_seconds)

    def shorten(self, factor: float = 2) -> None:
        """Take less at once."""
        self.seconds = max(self.seconds / factor, _SHORTEST_SECONDS)
