"""The longest calculation that a key may submit."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.access.caller import Caller
from shared.calculation import Calculation
from shared.errors import KeySecondsExceeded

_NONE: Mapping[int, Calculation] = MappingProxyType({})


def beyond_limit(calculations: Sequence[Calculation], caller: Caller) -> Mapping[int, Calculation]:
    """Return those that count as more seconds than the caller's key allows for one, by index."""
    limit = caller.limits.max_seconds
    if limit is None:
        return _NONE
    return {
        index: calculation
        for index, calculation in enumerate(calculations)
        if calculation.queue_seconds > limit
    }


def exceeded_by(calculation: Calculation, caller: Caller, index: int | None) -> KeySecondsExceeded:
    """Return the error of a calculation beyond the limit; `index` is its place in a batch."""
    limit = caller.limits.max_seconds
    assert limit is not None
    return KeySecondsExceeded(calculation.queue_seconds, limit, index)
