"""Whether stored results stay within their limits."""

from collections.abc import Iterator
from datetime import datetime

from shared.diagnosis.problem import Problem, Severity, duration
from shared.store.retention.state import Storage

#: From this share of the limit on, retention is about to remove something.
NEARLY = 0.9

#: Retention runs every half minute.
_LATE_SECONDS = 900.0


def storage_problems(storage: Storage, limit_bytes: int) -> Iterator[Problem]:
    """Yield what is wrong with retention, and that the limit is nearly reached; 0 is none."""
    if storage.fault is not None:
        yield Problem(
            Severity.FAULT,
            f"Retention does not work: {storage.fault}",
            "See the relay's log. Old results are kept, and the disk fills, until that is mended.",
        )
    if limit_bytes and storage.bytes > NEARLY * limit_bytes:
        yield Problem(
            Severity.NOTE,
            f"Stored results take {storage.bytes / limit_bytes:.0%} of "
            "RECKONER_RETENTION_BYTES: the oldest are removed.",
            "If they are still needed, raise the limit, as far as PostgreSQL's disk has room.",
        )


def late_retention_problems(
    ran_at: datetime | None, now: datetime, *, has_limit: bool
) -> Iterator[Problem]:
    """Yield that a limit is set, and that no relay has followed it lately."""
    if not has_limit or ran_at is None:
        return
    seconds = (now - ran_at).total_seconds()
    if seconds > _LATE_SECONDS:
        yield Problem(
            Severity.WARNING,
            f"Retention ran last {duration(seconds)} ago, although a limit is set.",
            "See whether a relay runs, and its log.",
        )
