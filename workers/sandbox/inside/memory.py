"""The most memory that this process has held (Linux)."""

import re

from workers.sandbox.limits import read_own

_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_memory_bytes() -> int | None:
    """Return the peak of this process; None if the kernel does not say.

    Not from getrusage: there, a new program begins with the peak of the process that started it.
    """
    try:
        found = _PEAK.search(read_own("status"))
    except OSError:  # some sandboxes mount no /proc
        return None
    return int(found[1]) * 1024 if found else None
