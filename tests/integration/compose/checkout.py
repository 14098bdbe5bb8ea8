"""A copy of the project, as somebody checks it out who then types `make up`.

It has a virtual environment with the locked packages and nothing else, ports and state of its own,
and it may belong to another user. What is installed for the tests stays as it is.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from compose.services import process_table
from compose.services.postgres_data import home_elsewhere
from compose.services.programs import Account
from tests.eventually import eventually
from tests.integration.compose.virtual_environment import BUILT_FROM, make_virtual_environment
from tests.ports import ports_for

_ROOT = Path(__file__).parents[3]
_TREE = ("compose", "gateway", "migrations", "reckoner", "shared", "workers")
_FILES = ("Makefile", *BUILT_FROM)
_PORTS = (
    *("port", "gateway_port", "postgres_port", "amqp_port"),
    *("management_port", "distribution_port", "epmd_port"),
)
_START_SECONDS = 90.0
_STOP_SECONDS = 60.0


class Checkout:
    """The copy in `folder`, whose owner is `account`, or who runs the tests."""

    def __init__(self, folder: Path, account: Account | None) -> None:
        self.folder = folder
        self.state = folder / "var"
        self.ports = ports_for(_PORTS)
        self.settings: dict[str, str] = {}
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.ports['port']}", timeout=30)
        self._account = account
        self._copy()

    def _copy(self) -> None:
        for name in _TREE:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(_ROOT / name, self.folder / name, ignore=ignored)
        for name in _FILES:
            shutil.copy2(_ROOT / name, self.folder / name)
        (self.folder / "tmp").mkdir()
        self.make_virtual_environment()
        self._give_to_owner(self.folder)

    def make_virtual_environment(self) -> None:
        """Make what `compose/bootstrap.sh up` makes, of packages that are here already."""
        make_virtual_environment(self.folder, self._account)
        self._give_to_owner(self.folder / ".venv")

    def _give_to_owner(self, folder: Path) -> None:
        if self._account is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell gives to `make`, the ports, and more settings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            **{f"RECKONER_LOCAL_{name.upper()}": str(port) for name, port in self.ports.items()},
            **self.settings,
        }

    @property
    def python(self) -> str:
        return str(self.folder / ".venv/bin/python")

    def begin(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command in the folder, as its owner."""
        account = self._account
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=options.pop("env", self.environment),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            **{"stdin": subprocess.DEVNULL, "start_new_session": True, **options},
        )

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; return its status and what it printed."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.begin(*command, **pipes, **options)
        output, errors = process.communicate(timeout=_STOP_SECONDS)
        return subprocess.CompletedProcess(
            command, process.returncode, output.decode(), errors.decode()
        )

    def module(self, *arguments: str, **environment: str) -> int:
        """Run a module as somebody does who read var/reckoner.env; return its exit status."""
        own = {k: v for k, v in self.environment.items() if not k.startswith("RECKONER_LOCAL_")}
        known = {**own, **self.addresses(), **environment}
        return self.run(self.python, "-m", *arguments, env=known).returncode

    def addresses(self) -> dict[str, str]:
        """What the file for `make worker` says, or nothing."""
        file = self.state / "reckoner.env"
        text = file.read_text() if file.exists() else ""
        return dict(re.findall(r"^(\w+)='?(.*?)'?$", text, re.MULTILINE))

    @property
    def launcher(self) -> int:
        """The process that holds the state folder."""
        return int((self.state / "lock").read_text())

    def pid_of(self, name: str) -> int | None:
        """Return the process of a program, as its record says."""
        records = [*self.state.glob(f"processes/{name}.process"), self.state / name]
        records.append(self.state / name / f"{name}.process")
        for record in records:
            with contextlib.suppress(OSError, AttributeError):
                found = re.search(r'"pid": (\d+)', record.read_text())
                return int(found[1]) if found else None
        return None

    def processes(self) -> list[int]:
        """Return all processes of this copy, known by their folder, command or environment."""
        marks = [os.fsencode(self.folder), os.fsencode(home_elsewhere(self.state / "postgres"))]
        return [
            entry.pid
            for entry in process_table.living()
            if any(mark in _described(entry.pid) for mark in marks)
        ]

    def system(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/system").json()
        return found

    def compute(self, n: int, seconds: int = 30) -> dict[str, Any]:
        """Have a Fibonacci number computed, and wait for it."""
        wanted = {"function": "fibonacci", "arguments": {"n": n}}
        answer = self.client.post(
            "/calculations", json=wanted, headers={"Prefer": f"wait={seconds}"}
        )
        assert answer.status_code in (200, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def is_ready(self) -> bool:
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def end(self) -> None:
        """Kill what is left, and delete everything."""
        self.client.close()
        while left := self.processes():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for folder in (home_elsewhere(self.state / "postgres"), self.folder):
            shutil.rmtree(folder, ignore_errors=True)


class Up:
    """One `make up` in a checkout, from its start to its end."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._log = checkout.folder / "output"
        command = "ulimit -Sn 1024; exec make up"  # as shells have it, and too little for servers
        with self._log.open("wb") as log:
            self.make = checkout.begin("sh", "-c", command, stdout=log, stderr=log)
        eventually(self._is_up, within_seconds=_START_SECONDS, what="make up")

    def _is_up(self) -> bool:
        if self.make.poll() is not None:
            raise RuntimeError(f"make up ended with {self.make.returncode}:\n{self.output()}")
        return "Reckoner is ready" in self.output()

    @property
    def is_running(self) -> bool:
        return self.make.poll() is None

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def wait(self) -> int:
        """Return how it ended; nothing of it may be left then."""
        return self.make.wait(_STOP_SECONDS)


@contextlib.contextmanager
def checked_out(account: Account | None = None) -> Iterator[Checkout]:
    """Make a copy that only its owner can enter, and delete it with all that runs there."""
    folder = Path(tempfile.mkdtemp(prefix="a reckoner checkout-"))
    checkout = Checkout(folder, account)
    try:
        yield checkout
    finally:
        checkout.end()


@contextlib.contextmanager
def ordinary_user() -> Iterator[Account | None]:
    """Make a user for the tests that root runs; None, for who runs them, if that is not root."""
    if os.geteuid() != 0:
        yield None
        return
    name = f"reckoner-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True)
    try:
        numbers = [subprocess.check_output(["id", option, name]) for option in ("-u", "-g")]
        yield Account(name, *map(int, numbers))
    finally:
        subprocess.run(["userdel", name], check=True)


def _described(pid: int) -> bytes:
    found = b""
    with contextlib.suppress(OSError):
        found += os.fsencode(Path(f"/proc/{pid}/cwd").readlink())
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError):
            found += b"\0" + Path(f"/proc/{pid}/{name}").read_bytes()
    return found
