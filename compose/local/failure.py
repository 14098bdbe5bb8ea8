"""What `make up` says if it cannot start."""

from collections.abc import Sequence

from compose.services.errors import ServiceError


def failure(error: ServiceError, lines: Sequence[str]) -> str:
    """Return what is wrong, the last lines of the log of the program that failed, what to do."""
    parts = [f"\n{error.problem}"]
    if lines:
        parts.append("Its log ends with:")
        parts.append("".join(f"\n    {line}" for line in lines) + "\n")
    parts.append(error.remedy)
    if lines:
        parts.append("All of the log: make logs")
    return "\n".join(parts)
