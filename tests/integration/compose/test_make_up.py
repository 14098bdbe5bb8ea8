"""`make up` with keys: only its user may read what it keeps, and only who has a key is served."""

import os
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from compose.local.settings import PORTS
from compose.services.postgres_data import home_elsewhere
from tests.eventually import eventually
from tests.ports import ports_for

ROOT = Path(__file__).parents[3]

_ROLES_MAY_MAKE = {"reckoner.env": False, "keys.env": True}

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


def assert_only_a_key_is_served(url: str, state: Path) -> None:
    assert httpx.get(f"{url}/system").status_code == 401
    key = (state / "operator-key").read_text().strip()
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{url}/system", headers=headers).status_code == 200
    # As somebody administers keys beside it; what `make worker` reads has no such right.
    made = {file: reckoner_key("create", "shop", file=state / file) for file in _ROLES_MAY_MAKE}
    assert {file: done.returncode == 0 for file, done in made.items()} == _ROLES_MAY_MAKE
    assert "reckoner_app may not administer keys" in made["reckoner.env"].stderr


def reckoner_key(*arguments: str, file: Path) -> "subprocess.CompletedProcess[str]":
    line = f"set -a; . {shlex.quote(str(file))}; exec {shlex.quote(sys.executable)} -m reckoner.cli"
    command = f"{line} key {shlex.join(arguments)} --scope read"
    return subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_with_keys_whoever_may_read_its_folder_is_served(state):
    # As an earlier version, or another umask, may have left it.
    (state / "nginx").mkdir(parents=True)
    (state / "nginx" / "access.log").write_text('{"client": "10.0.0.7"}\n')
    (state / "nginx" / "access.log").chmod(0o644)
    numbers = ports_for(PORTS)
    ports = {f"RECKONER_LOCAL_{name.upper()}": str(one) for name, one in numbers.items()}
    log = state.parent / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(state)],
            env=os.environ | ports | {"RECKONER_KEYS": "on"},
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
        assert_only_a_key_is_served(f"http://127.0.0.1:{numbers['port']}", state)
        key = (state / "operator-key").read_text().strip()
        assert key not in log.read_text()
        assert "var/operator-key" in log.read_text()
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(_STOP_SECONDS) == 0
    assert open_to_others(state) == way
    assert not home_elsewhere(state / "postgres").exists()
