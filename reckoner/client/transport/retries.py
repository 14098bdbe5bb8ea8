"""How often and how long a request is repeated."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_BACKOFF_SECONDS = 8.0

#: Nobody can answer now, or asks for a pause. Everything else is an answer.
REPEATED_STATUSES = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True)
class Retries:
    """The limits: how many attempts a request has, and how many seconds they may take together.

    A pause that the service asks for (`Retry-After`) and that would go beyond them is not made: the
    error is raised at once.
    """

    attempts: int = 10
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not self.seconds >= 0:
            raise ValueError("Retries needs at least 1 attempt, and seconds that are not negative.")


DEFAULT_RETRIES = Retries()


def as_retries(retries: Retries | int) -> Retries:
    """Return these limits, or those of a number of repetitions."""
    return retries if isinstance(retries, Retries) else Retries(attempts=retries + 1)


def backoff_seconds(attempts: int) -> float:
    """Return the pause after failed attempts: it doubles, and chance spreads the clients."""
    longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), _LONGEST_BACKOFF_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After (RFC 9110, 10.2.3), or None if there is none."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
