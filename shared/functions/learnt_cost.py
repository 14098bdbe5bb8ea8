"""What calculations of a function have cost lately, where its author estimates nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearntCost:
    """What 90 of 100 recent runs did not exceed. For information: it decides nothing.

    `bytes` is None if no run's peak memory was measured. How many digits there will be is unknown.
    """

    seconds: float
    bytes: int | None
    digits: None = None
