"""Finding the children of a process, and telling those that calculate from all others."""

import resource

import psutil

from workers.sandbox.limits import unused_address_space


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    return [child.pid for child in psutil.Process(pid).children()]


def is_limited(pid: int) -> bool:
    """Say whether a child has its memory limit, which it sets when its request has come."""
    try:
        soft, _ = psutil.Process(pid).rlimit(psutil.RLIMIT_AS)
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or another user's server
        return False
    return soft not in (resource.RLIM_INFINITY, unused_address_space())


def calculating_children_of(pid: int) -> list[int]:
    """Return the ids of a worker's children that have had their request."""
    return [child for child in children_of(pid) if is_limited(child)]
