"""All of Reckoner behind NGINX: started by the tests, or already running (--base-url)."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import make_url

from compose.services import Nginx, free_port
from compose.services.credentials import APP
from tests.conftest import new_database, virtual_host
from tests.eventually import eventually
from tests.plug_ins import install_examples, install_faulty

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 120  # the other tests of its process depend on it, also on a busy machine
_MODULES = ("gateway", "gateway.relay", "workers quick", "workers heavy")

#: They need a Reckoner of the tests' own: for functions that others do not have, with keys, or to
#: read its logs.
_WITH_OWN_STACK = (
    *("test_examples.py", "test_faulty_functions.py", "test_logs.py", "test_operating.py"),
    "test_metrics.py",
    *("alerts", "cli", "client", "guides", "keys"),
)


def pytest_ignore_collect(collection_path, config):
    """Leave out what a Reckoner that already runs cannot show."""
    has_own = collection_path.name in _WITH_OWN_STACK
    return True if has_own and config.getoption("--base-url") is not None else None


@pytest.fixture(scope="session")
def base_url(request) -> str:
    """The URL of a Reckoner that is ready."""
    given = request.config.getoption("--base-url")
    if given:
        return str(given).rstrip("/")
    stack: Stack = request.getfixturevalue("stack")
    return stack.url


@pytest.fixture(scope="session")
def stack(request) -> Iterator["Stack"]:
    """A Reckoner of these tests."""
    owner_url = request.getfixturevalue("session_database_url")
    postgres = request.getfixturevalue("postgres")
    app_url = postgres.url_of(str(make_url(owner_url).database), APP)
    folder = request.getfixturevalue("state_folder")
    functions = (install_examples(folder / "examples"), install_faulty(folder / "faulty"))
    with (
        virtual_host(request.getfixturevalue("rabbitmq")) as broker_url,
        Stack(folder, owner_url, broker_url, os.pathsep.join(functions), app_url=app_url) as stack,
    ):
        yield stack


@pytest.fixture(scope="session")
def session_database_url(postgres, admin) -> Iterator[str]:
    """A database for the whole run, without a schema."""
    with new_database(postgres, admin) as url:
        yield url


@pytest.fixture
def client(base_url) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=90) as client:
        yield client


class Stack:
    """Gateway, relay, one worker of each lane and NGINX, as processes of their own.

    They find further functions on the Python path. With keys on, the headers have one that may
    operate. With `app_url`, migrations alone have the role of `database_url`, and the others one
    that may change rows only.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        broker_url: str,
        python_path: str = "",
        *,
        app_url: str | None = None,
        modules: Sequence[str] = _MODULES,
        headers: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        gateway = f"127.0.0.1:{free_port()}"
        self.gateway_url = f"http://{gateway}"
        self.folder = folder
        self._owner_url = database_url
        self._modules = modules
        self._headers = headers
        self._nginx = Nginx(folder / "nginx", free_port(), gateway)
        self._environment = os.environ | {
            "RECKONER_DATABASE_URL": app_url or database_url,
            "RECKONER_BROKER_URL": broker_url,
            "RECKONER_GATEWAY_BIND": gateway,
            "RECKONER_LOST_MESSAGE_SECONDS": "5",
            "PYTHONPATH": python_path,
            **{f"RECKONER_{name.upper()}": value for name, value in settings.items()},
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of its processes, as environment variables."""
        return self._environment

    @property
    def url(self) -> str:
        return self._nginx.url

    @property
    def access_log(self) -> Path:
        return self._nginx.access_log

    def __enter__(self) -> "Stack":
        subprocess.run(
            [sys.executable, "-m", "migrations", "upgrade"],
            env={**self._environment, "RECKONER_DATABASE_URL": self._owner_url},
            cwd=_ROOT,
            check=True,
        )
        try:
            for module in self._modules:
                self.start(module)
            self._nginx.prepare()
            self._nginx.start()
            with httpx.Client(base_url=self.url, headers=self._headers) as client:
                eventually(
                    lambda: self._is_ready(client),
                    within_seconds=_START_SECONDS,
                    what=f"ready; logs are in {self.folder}",
                )
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, module: str) -> None:
        """Start a process, of which there is none now."""
        with (self.folder / f"{module.replace(' ', '-')}.log").open("ab") as log:
            self._processes[module] = subprocess.Popen(
                [sys.executable, "-m", *module.split()],
                env=self._environment,
                cwd=_ROOT,
                stderr=log,
            )

    def stop(self, module: str) -> None:
        """Have a process end."""
        self._stop([self._processes.pop(module)])

    def kill(self, module: str) -> None:
        """Kill a process and those that it has started."""
        process = self._processes.pop(module)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()  # first, so that it starts no other
        process.wait()
        for child in children:
            child.kill()

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            system = client.get("/system")
        except httpx.TransportError:
            return False
        workers = sum("workers " in module for module in self._modules)
        return system.status_code == 200 and len(system.json()["workers"]) == workers

    def __exit__(self, *_: object) -> None:
        self._nginx.stop()
        self._stop(list(self._processes.values()))

    @staticmethod
    def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
