"""Whether what was computed lately went well, and whether that is remembered."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from shared.calculation import Lane
from shared.diagnosis.problem import Problem, Severity, counted, duration
from shared.store.history import Span, Step

#: Many failures: more than so many, and more than this share, in this time.
RECENT = timedelta(minutes=15)
_FAILURES = 10
_FAILURES_SHARE = 0.1

#: A minute is stored some seconds after it has ended.
_LATE_SECONDS = 300.0

_CLOCK_SECONDS = 2.0


def failure_problems(steps: Sequence[Step]) -> Iterator[Problem]:
    """Yield in which lanes many calculations failed in these minutes."""
    for lane in Lane:
        mine = [step for step in steps if step.lane is lane]
        failed = sum(step.failed for step in mine)
        ended = failed + sum(step.succeeded + step.cancelled for step in mine)
        if failed > _FAILURES and failed > _FAILURES_SHARE * ended:
            yield Problem(
                Severity.WARNING,
                f"{failed:,} of the {counted(ended, 'calculation')} of the {lane} lane that ended "
                "in the last 15 minutes failed.",
                "The documents of the failed ones say why: list those of the status failed.",
            )


def history_problems(span: Span, *, is_relay_alive: bool) -> Iterator[Problem]:
    """Yield that relays run and write no history; without a relay, that is said elsewhere."""
    if not is_relay_alive or span.read_at is None:
        return
    seconds = (span.now - span.read_at).total_seconds()
    if seconds > _LATE_SECONDS:
        yield Problem(
            Severity.WARNING,
            f"The history has not been written for {duration(seconds)}.",
            "See the relay's log.",
        )


def clock_problems(now: datetime, local: datetime, uncertain_seconds: float) -> Iterator[Problem]:
    """Yield that this machine's clock and PostgreSQL's differ, of two times read at once."""
    ahead = (now - local).total_seconds()
    if abs(ahead) > _CLOCK_SECONDS + uncertain_seconds:
        yield Problem(
            Severity.WARNING,
            f"The gateway's clock and PostgreSQL's differ by {duration(abs(ahead))}.",
            "Synchronise both, for example with chrony. Reckoner goes by PostgreSQL's alone, but "
            "logs and sessions of browsers are read by other clocks.",
        )
