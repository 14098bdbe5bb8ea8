"""How many processes the kernel has killed for lack of memory, in this worker's control group.

A process that the kernel killed for lack of memory looks like one that somebody killed with
SIGKILL. The kernel's count, before the attempt and after it, tells them apart.
"""

from functools import cache
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_WHOLE_MACHINE = Path("/proc/vmstat")


def count_oom_kills() -> int:
    """Return the count of this worker's control group, or else of the machine; 0 if unknown."""
    for path in _counters():
        count = read_oom_kills(path)
        if count is not None:
            return count
    return 0


def read_oom_kills(path: Path) -> int | None:
    """Return the number after `oom_kill` in a file of the kernel's; None if there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, number = line.partition(" ")
        if name == "oom_kill":
            return int(number)
    return None


@cache
def _counters() -> tuple[Path, ...]:
    """Return the files that may hold the count, the most specific first."""
    try:
        memberships = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return (_WHOLE_MACHINE,)
    found = []
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        folder = path.lstrip("/")
        if not controllers:  # version 2
            found.append(_CGROUPS / folder / "memory.events")
        elif "memory" in controllers.split(","):
            # A container sees its own group as the root, and may know it by the host's path.
            found.append(_CGROUPS / "memory" / folder / "memory.oom_control")
            found.append(_CGROUPS / "memory" / "memory.oom_control")
    return (*found, _WHOLE_MACHINE)
