"""What a check finds: how bad it is, what it is, and what to do."""

from enum import StrEnum
from typing import NamedTuple

from shared.diagnosis.problem import Problem


class Level(StrEnum):
    """How bad a finding is. Only a fault makes the command fail."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"


class Finding(NamedTuple):
    """One sentence on what there is; `remedy`, unless all is well, on what to do."""

    level: Level
    detail: str
    remedy: str | None = None


def ok(detail: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, detail)


def note(detail: str, remedy: str | None = None) -> Finding:
    """Return what cannot be checked, or is for information."""
    return Finding(Level.NOTE, detail, remedy)


def warning(detail: str, remedy: str) -> Finding:
    """Return what works now, and should be changed."""
    return Finding(Level.WARNING, detail, remedy)


def fault(detail: str, remedy: str) -> Finding:
    """Return what does not work, or breaks a promise."""
    return Finding(Level.FAULT, detail, remedy)


def found(problem: Problem) -> Finding:
    """Return a problem as GET /system has it too."""
    return Finding(Level(problem.severity), problem.text, problem.remedy)
