"""The longest calculation that a key may submit."""

from collections.abc import Iterable

from gateway.access.caller import Caller
from shared.calculation import Calculation
from shared.errors import KeySecondsExceeded


def beyond_limit(calculations: Iterable[Calculation], caller: Caller) -> list[Calculation]:
    """Return those that count as more seconds than the caller's key allows for one calculation."""
    limit = caller.limits.max_seconds
    if limit is None:
        return []
    return [one for one in calculations if one.queue_seconds > limit]


def exceeded_by(calculation: Calculation, caller: Caller) -> KeySecondsExceeded:
    """Return the error of a calculation that `beyond_limit` has returned."""
    limit = caller.limits.max_seconds
    assert limit is not None
    return KeySecondsExceeded(calculation.queue_seconds, limit)
