"""`make up`: only its user may read what it keeps in its folder."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.local.settings import PORTS
from compose.services.postgres_data import home_elsewhere
from tests.eventually import eventually
from tests.ports import ports_for

ROOT = Path(__file__).parents[3]

_START_SECONDS = 120
_STOP_SECONDS = 60

_RUN = """
import os, sys
from pathlib import Path
from compose.local import __main__ as launcher

os.umask(0o022)
launcher.STATE = Path(sys.argv[1])
sys.exit(launcher.main())
"""


@pytest.fixture
def state() -> Iterator[Path]:
    """A folder that other users can enter, so that only the modes of what is in it protect it.

    Not below pytest's folder, which every start of pytest closes to other users.
    """
    with tempfile.TemporaryDirectory(prefix="reckoner-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "var"


def open_to_others(state: Path) -> dict[str, str]:
    """Return what other users may read, write or enter, with its mode."""
    found = {}
    for folder, folders, files in os.walk(state):
        for path in (Path(folder, name) for name in (*folders, *files)):
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if mode & 0o077 and not stat.S_ISLNK(mode):
                found[str(path.relative_to(state))] = f"{stat.S_IMODE(mode):o}"
    return found


@pytest.mark.slow
def test_other_users_cannot_read_its_folder(state):
    # As an earlier version, or another umask, may have left it.
    (state / "nginx").mkdir(parents=True)
    (state / "nginx" / "access.log").write_text('{"client": "10.0.0.7"}\n')
    (state / "nginx" / "access.log").chmod(0o644)
    ports = {f"RECKONER_LOCAL_{name.upper()}": str(one) for name, one in ports_for(PORTS).items()}
    log = state.parent / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(state)],
            env=os.environ | ports,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(
            lambda: "Reckoner is ready" in log.read_text() or running.poll() is not None,
            within_seconds=_START_SECONDS,
        )
        assert running.poll() is None, log.read_text()
        # Where root starts it, PostgreSQL has a user of its own, who may enter but not list.
        way = {"postgres": "711"} if os.geteuid() == 0 else {}
        assert open_to_others(state) == way
        assert stat.S_IMODE(state.stat().st_mode) == (0o711 if way else 0o700)
        assert (state / "nginx" / "access.log").exists()
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(_STOP_SECONDS) == 0
    assert open_to_others(state) == way
    assert not home_elsewhere(state / "postgres").exists()
