"""What calculations of a function have cost lately, where its author estimates nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearntCost:
    """What 90 of 100 recent runs did not exceed.

    It changes no lane and refuses no calculation, but is what one is charged while it is queued.

    `bytes` is None if no run's peak memory was measured, `result_bytes` if no result was. How many
    digits there will be is unknown.
    """

    seconds: float
    bytes: int | None
    result_bytes: int | None = None
    digits: None = None
