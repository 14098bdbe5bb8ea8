"""The kernel's process table (proc(5)): who descends from whom, and since when."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One living process. `started`, in clock ticks since boot, tells reused ids apart."""

    pid: int
    parent: int
    session: int
    started: int


def living() -> Iterator[Entry]:
    """Yield every process that has not ended."""
    for folder in Path("/proc").glob("[0-9]*"):
        entry = find(int(folder.name))
        if entry is not None:
            yield entry


def find(pid: int) -> Entry | None:
    """Return the process with this id, unless there is none or it has ended (a zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second column is the program's name in brackets, and may itself hold spaces and brackets.
    columns = text.rpartition(")")[2].split()
    if columns[0] in "ZX":
        return None
    return Entry(pid, parent=int(columns[1]), session=int(columns[3]), started=int(columns[19]))


def family_of(leader: int, started: int) -> list[Entry]:
    """Return the living members of the session that a process began, and their descendants.

    The session outlives its leader, and the kernel gives a leader's id to no other process as long
    as the session has members. Descendants are looked for besides it because some programs
    (PostgreSQL, Erlang's helpers) give each of their children a session of its own.
    """
    entries = list(living())
    if any(entry.pid == leader and entry.started != started for entry in entries):
        return []  # all ended long ago, and the id was given to a stranger
    family = {entry.pid: entry for entry in entries if leader in (entry.pid, entry.session)}
    grown = True
    while grown:
        children = [e for e in entries if e.parent in family and e.pid not in family]
        family |= {entry.pid: entry for entry in children}
        grown = bool(children)
    return list(family.values())


def with_environment(name: str, value: str) -> list[Entry]:
    """Return the processes that were started with this environment variable."""
    wanted = f"{name}={value}".encode()
    found = []
    for entry in living():
        try:
            environment = Path(f"/proc/{entry.pid}/environ").read_bytes()
        except OSError:
            continue  # ended meanwhile, or another user's
        if wanted in environment.split(b"\0"):
            found.append(entry)
    return found


def working_folder(pid: int) -> Path | None:
    """Return a process's working directory, if this user may see it."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def boot_id() -> str:
    """Return what tells this boot of the machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
