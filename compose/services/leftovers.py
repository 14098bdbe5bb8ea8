"""Processes of an earlier run that was killed: recorded, found again, and ended."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from compose.services import process_table

_GRACE_SECONDS = 20.0
_POLL_SECONDS = 0.1


def write_record(record: Path, pid: int, started: float, folder: Path) -> None:
    """Record a program's process, its start in seconds since boot, and its working folder."""
    note = {"pid": pid, "started": started, "boot": process_table.boot_id(), "folder": str(folder)}
    # Renamed when complete: this process may be killed at any time, and leaves no partial record.
    unfinished = record.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(note) + "\n")
    unfinished.replace(record)


def end_leftovers(records: Iterable[Path]) -> list[str]:
    """End the recorded programs that still run; return their names.

    The kernel has already sent each its stop signal (see processes.py), so most only need time.
    """
    remaining = {file: pids for file in records if (pids := _still_running(file))}
    names = sorted(file.stem for file in remaining)
    give_up = time.monotonic() + _GRACE_SECONDS
    while remaining and time.monotonic() < give_up:
        time.sleep(_POLL_SECONDS)
        remaining = {file: pids for file in remaining if (pids := _still_running(file))}
    while remaining:
        for pid in {pid for pids in remaining.values() for pid in pids}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
        remaining = {file: pids for file in remaining if (pids := _still_running(file))}
    return names


def _still_running(record: Path) -> list[int]:
    """Return the living processes of a recorded program; remove the record if there are none."""
    try:
        note = json.loads(record.read_text())
        leader, started = int(note["pid"]), float(note["started"])
        boot, folder = str(note["boot"]), Path(note["folder"])
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):  # cut off when the machine crashed
        boot, leader, started, folder = "", 0, 0.0, Path("/")
    found = []
    if boot == process_table.boot_id():
        family = process_table.family_of(leader, started)
        has_leader = any(entry.pid == leader for entry in family)
        # Without its leader, the session's number may be another session's by now, so each member
        # must also have the working folder that the leader was started in.
        found = [e.pid for e in family if has_leader or _works_in(folder, e.pid)]
    if not found:
        record.unlink(missing_ok=True)
    return found


def _works_in(folder: Path, pid: int) -> bool:
    place = process_table.working_folder(pid)
    if place is None:
        # Reckoner's own processes hide it from their user (shared/closed_memory.py), but not which
        # program they run: that of the project's virtual environment.
        program = process_table.program(pid)
        return program is not None and program.is_relative_to(folder)
    return place == folder
