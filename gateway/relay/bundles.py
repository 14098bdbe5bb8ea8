"""Which calculations share a message.

What RabbitMQ, pika and Dramatiq do for a message costs more than a small calculation itself. So
those of the quick lane that are estimated at next to nothing travel together. One thread computes
a bundle, and what comes after it waits: a bundle is over in a moment. A heavy one travels alone.
"""

from collections.abc import Iterable, Iterator

from shared.calculation import Lane
from shared.store.outbox import Due

_MOST = 100
_SECONDS = 0.02


def bundles(due: Iterable[Due], lane: Lane) -> Iterator[list[Due]]:
    """Yield the calculations in their order, in bundles of which each is a message."""
    bundle: list[Due] = []
    seconds = 0.0
    for one in due:
        is_full = len(bundle) == _MOST or seconds + one.estimate_seconds > _SECONDS
        if bundle and (is_full or lane is Lane.HEAVY):
            yield bundle
            bundle, seconds = [], 0.0
        bundle.append(one)
        seconds += one.estimate_seconds
    if bundle:
        yield bundle
