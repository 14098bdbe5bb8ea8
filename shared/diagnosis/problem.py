"""Something that is wrong: how bad it is, what it is, and what to do."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a problem is: nothing works until it is mended, something may soon not, or a hint."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


class Problem(NamedTuple):
    """A sentence on what is wrong, and one on what to do."""

    severity: Severity
    text: str
    remedy: str


def counted(count: int, what: str, verb: str = "") -> str:
    """Return such as `1 message waits` or `1,204 messages wait`, of a regular noun and verb."""
    one = count == 1
    words = [f"{count:,}", what if one else f"{what}s"]
    if verb:
        words.append(f"{verb}s" if one else verb)
    return " ".join(words)


def duration(seconds: float) -> str:
    """Return a time in the unit that people would say it in."""
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return counted(round(seconds / unit), name)
    return f"{seconds:.0f} s"
