"""The folder that `make up` keeps, for one process at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from compose.local.state_folder import locked
from compose.services import ServiceError

ROOT = Path(__file__).parents[3]
SOMEBODY = 54_321


def hold_elsewhere(state: Path) -> subprocess.Popen[str]:
    """Hold it in another process, which says so, until its input ends."""
    program = (
        "import sys, pathlib; from compose.local.state_folder import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(state)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_it_is_created_and_records_the_process_that_locks_it(tmp_path):
    with locked(tmp_path / "var"):
        assert int((tmp_path / "var/lock").read_text()) == os.getpid()


def test_another_process_is_refused_and_learns_who_holds_the_lock(tmp_path):
    with hold_elsewhere(tmp_path) as process:
        with pytest.raises(ServiceError, match=str(process.pid)), locked(tmp_path):
            pass
        assert int((tmp_path / "lock").read_text()) == process.pid
        process.kill()


def test_a_killed_process_holds_no_lock(tmp_path):
    with hold_elsewhere(tmp_path) as process:
        process.kill()
    with locked(tmp_path):
        assert int((tmp_path / "lock").read_text()) == os.getpid()


def test_it_can_be_locked_again_after_its_release(tmp_path):
    for _ in range(2):
        with locked(tmp_path):
            pass


def test_another_users_folder_is_refused(tmp_path, monkeypatch):
    """As root, who could write there, and would leave files that its owner cannot."""
    if os.geteuid() == 0:
        os.chown(tmp_path, SOMEBODY, SOMEBODY)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    with pytest.raises(ServiceError, match="another user"), locked(tmp_path):
        pass


def test_a_file_removed_at_the_same_time_is_no_error(tmp_path, monkeypatch):
    state = tmp_path / "var"
    state.mkdir()
    kept = state / "access.log"
    kept.write_text("")
    kept.chmod(0o644)
    walk = os.walk

    def walk_too_late(top):
        for folder, folders, files in walk(top):
            yield folder, folders, ["gone", *files]

    monkeypatch.setattr("os.walk", walk_too_late)
    with locked(state):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
