"""How much may be queued, and what a submission would exceed."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from shared.config import Settings
from shared.keys.api_key import KeyLimits
from shared.store.totals.queued_work import Sums

#: What is limited, in the order of Sums and Limits.
UNITS = ("calculations", "seconds", "bytes")


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that would be exceeded: what is there already, and what is to be added."""

    unit: str
    limit: float
    used: float
    needed: float

    @property
    def is_final(self) -> bool:
        """Whether it would be exceeded even if nothing else were queued."""
        return self.needed > self.limit

    @property
    def to_free(self) -> float:
        """How much must be finished before there is room."""
        return self.used + self.needed - self.limit


class Limits(NamedTuple):
    """The most that may be unfinished; infinite where there is no limit."""

    calculations: float
    seconds: float
    bytes: float

    @property
    def are_none(self) -> bool:
        """Whether nothing is limited."""
        return self == NO_LIMITS

    def leave_room(self, used: Sums, needed: Sums) -> bool:
        """Say whether none would be exceeded, for certain; `excesses` looks more closely."""
        return (
            used[0] + needed[0] <= self[0]
            and used[1] + needed[1] <= self[1]
            and used[2] + needed[2] <= self[2]
        )

    def excesses(self, used: Sums, needed: Sums) -> list[Excess]:
        """Return which limits would be exceeded.

        What adds nothing to a sum is not refused because of it.
        """
        return [
            Excess(unit, limit, there, more)
            for unit, limit, there, more in zip(UNITS, self, used, needed, strict=True)
            if more > 0 and there + more > limit
        ]


NO_LIMITS = Limits(math.inf, math.inf, math.inf)


def limits_of_all(settings: Settings) -> Limits:
    """Return the limits of all calculations together."""
    return Limits(math.inf, _limit(settings.max_queued_seconds), _limit(settings.max_queued_bytes))


def limits_of_key(own: KeyLimits, settings: Settings) -> Limits:
    """Return the limits of a key: its own, or else those of the settings."""
    seconds, size = own.max_queued_seconds, own.max_queued_bytes
    return Limits(
        math.inf if own.max_unfinished is None else own.max_unfinished,
        _limit(settings.key_max_queued_seconds if seconds is None else seconds),
        _limit(settings.key_max_queued_bytes if size is None else size),
    )


def _limit(setting: float) -> float:
    return setting or math.inf  # 0: no limit
