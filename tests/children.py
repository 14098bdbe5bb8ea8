"""Finding child processes, and telling those that calculate from those that wait."""

import re
from pathlib import Path

_UNLIMITED = re.compile(r"^Max address space +unlimited", re.MULTILINE)


def is_limited(pid: int) -> bool:
    """Say whether this child has its limit of memory, which comes with its request."""
    try:
        return not _UNLIMITED.search(Path(f"/proc/{pid}/limits").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (thread / "children").read_text().split()]
    return found
