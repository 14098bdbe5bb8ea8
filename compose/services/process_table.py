"""Processes of this machine, by psutil: who descends from whom, and since when."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

# psutil adds the boot time, which the kernel rounds to a second, to a process's start.
_SAME_START_SECONDS = 2.0


@dataclass(frozen=True)
class Entry:
    """One living process. Two with the same id differ in `started`, in seconds since boot."""

    pid: int
    parent: int
    session: int
    started: float


def living() -> Iterator[Entry]:
    """Yield every process that has not ended."""
    for pid in psutil.pids():
        entry = find(pid)
        if entry is not None:
            yield entry


def find(pid: int) -> Entry | None:
    """Return the process with this id, unless there is none or it has ended (a zombie)."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return None
            # Relative to boot, so that setting the clock does not change it.
            started = process.create_time() - psutil.boot_time()
            return Entry(pid, process.ppid(), os.getsid(pid), started)
    except (psutil.Error, OSError):
        return None


def family_of(leader: int, started: float) -> list[Entry]:
    """Return the living members of the session that a process began, and their descendants.

    The session outlives its leader, and the kernel gives a leader's id to no other process as long
    as the session has members. Descendants are collected as well because some programs (PostgreSQL,
    Erlang's helpers) give each of their children a session of its own.
    """
    entries = list(living())
    if any(entry.pid == leader and not _is_same(entry.started, started) for entry in entries):
        return []  # all ended long ago, and another program has the id now
    family = {entry.pid: entry for entry in entries if leader in (entry.pid, entry.session)}
    grown = True
    while grown:
        children = [e for e in entries if e.parent in family and e.pid not in family]
        family |= {entry.pid: entry for entry in children}
        grown = bool(children)
    return list(family.values())


def with_environment(name: str, value: str) -> list[Entry]:
    """Return the processes that were started with this environment variable."""
    return [entry for entry in living() if _environment(entry.pid).get(name) == value]


def working_folder(pid: int) -> Path | None:
    """Return a process's working directory, if this user may read it."""
    try:
        return Path(psutil.Process(pid).cwd())
    except psutil.Error:
        return None


def program(pid: int) -> Path | None:
    """Return the program that a process was started by, as its command line has it."""
    try:
        command = psutil.Process(pid).cmdline()
    except psutil.Error:
        return None
    return Path(command[0]) if command else None


def boot_id() -> str:
    """Return a text that no other boot of the machine has."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _is_same(started: float, other: float) -> bool:
    return abs(started - other) < _SAME_START_SECONDS


def _environment(pid: int) -> dict[str, str]:
    try:
        return psutil.Process(pid).environ()
    except psutil.Error:  # it has ended, or is another user's
        return {}
