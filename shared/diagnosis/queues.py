"""Whether too much waits, and whether messages were put aside."""

from collections.abc import Iterator, Mapping

from shared.calculation import Lane
from shared.diagnosis.problem import Problem, Severity, counted, duration

#: For how long the first in a lane may wait. Of the heavy lane that is a matter of taste.
OLDEST_SECONDS: Mapping[Lane, float] = {Lane.QUICK: 60.0, Lane.HEAVY: 3_600.0}

#: From this share of a limit on, submissions are about to be refused.
NEARLY = 0.9


def waiting_problems(lane: Lane, oldest_seconds: float | None, slots: int) -> Iterator[Problem]:
    """Yield that what waits in a lane that has workers has waited for too long."""
    if slots and oldest_seconds is not None and oldest_seconds > OLDEST_SECONDS[lane]:
        yield Problem(
            Severity.WARNING,
            f"A calculation of the {lane} lane has waited for {duration(oldest_seconds)}: more is "
            "submitted than its workers can compute.",
            "Add workers, cancel what nobody needs, or limit who submits it.",
        )


def dead_letter_problems(dead_letters: Mapping[Lane, int]) -> Iterator[Problem]:
    """Yield how many messages workers have rejected."""
    for lane, count in dead_letters.items():
        if count:
            yield Problem(
                Severity.WARNING,
                f"Workers of the {lane} lane have rejected {counted(count, 'message')}, which they "
                "could not read. Their calculations are safe, and are published again.",
                "Find the cause in the workers' log, such as a worker of an earlier version; then "
                "put them back: POST /dead-letters/redrive, or `reckoner redrive`.",
            )


def admission_problems(
    queued_seconds: float, seconds_limit: float, queued_bytes: float, bytes_limit: float
) -> Iterator[Problem]:
    """Yield that nearly as much is queued as may be; a limit of 0 is none."""
    for used, limit, unit, setting in (
        (queued_seconds, seconds_limit, "estimated seconds", "RECKONER_MAX_QUEUED_SECONDS"),
        (queued_bytes, bytes_limit, "estimated bytes", "RECKONER_MAX_QUEUED_BYTES"),
    ):
        if limit and used > NEARLY * limit:
            yield Problem(
                Severity.WARNING,
                f"{used / limit:.0%} of the {unit} that may be queued are: beyond that, "
                "submissions are refused.",
                f"Add workers, cancel what nobody needs, or raise {setting}.",
            )
