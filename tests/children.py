"""Telling child processes that calculate from those that wait for a request."""

import re
from pathlib import Path

_UNLIMITED = re.compile(r"^Max address space +unlimited", re.MULTILINE)


def is_limited(pid: int) -> bool:
    """Say whether this child has its limit of memory, which comes with its request."""
    try:
        return not _UNLIMITED.search(Path(f"/proc/{pid}/limits").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False
