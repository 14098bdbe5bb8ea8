"""All of Reckoner behind NGINX: started by the tests, or already running (--base-url)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from compose.services import Nginx, free_port
from compose.services.credentials import APP
from tests.conftest import new_database, virtual_host
from tests.eventually import eventually
from tests.plug_ins import install_examples, install_faulty

_ROOT = Path(__file__).parents[2]


def pytest_ignore_collect(collection_path, config):
    """A Reckoner that already runs has only the functions that it came with."""
    needs_others = collection_path.name in ("test_examples.py", "test_faulty_functions.py")
    return True if needs_others and config.getoption("--base-url") is not None else None


@pytest.fixture(scope="session")
def base_url(request) -> Iterator[str]:
    """The URL of a Reckoner that is ready."""
    given = request.config.getoption("--base-url")
    if given:
        yield given.rstrip("/")
        return
    owner_url = request.getfixturevalue("session_database_url")
    postgres = request.getfixturevalue("postgres")
    database_url = postgres.url_of(str(make_url(owner_url).database), APP)
    folder = request.getfixturevalue("state_folder")
    functions = (install_examples(folder / "examples"), install_faulty(folder / "faulty"))
    with (
        virtual_host(request.getfixturevalue("rabbitmq")) as broker_url,
        Stack(folder, owner_url, database_url, broker_url, os.pathsep.join(functions)) as stack,
    ):
        yield stack.url


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

    They find further functions on the Python path. Migrations alone have the role of `owner_url`,
    the others one that may change rows only.
    """

    def __init__(
        self, folder: Path, owner_url: str, database_url: str, broker_url: str, python_path: str
    ) -> None:
        gateway = f"127.0.0.1:{free_port()}"
        self._folder = folder
        self._owner_url = owner_url
        self._nginx = Nginx(folder / "nginx", free_port(), gateway)
        self._environment = os.environ | {
            "RECKONER_DATABASE_URL": database_url,
            "RECKONER_BROKER_URL": broker_url,
            "RECKONER_GATEWAY_BIND": gateway,
            "RECKONER_LOST_MESSAGE_SECONDS": "5",
            "PYTHONPATH": python_path,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return self._nginx.url

    def __enter__(self) -> "Stack":
        subprocess.run(
            [sys.executable, "-m", "migrations", "upgrade"],
            env={**self._environment, "RECKONER_DATABASE_URL": self._owner_url},
            cwd=_ROOT,
            check=True,
        )
        try:
            for module in ("gateway", "gateway.relay", "workers quick", "workers heavy"):
                self._start(module)
            self._nginx.prepare()
            self._nginx.start()
            eventually(self._is_ready, what=f"ready; logs are in {self._folder}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, module: str) -> None:
        with (self._folder / f"{module.replace(' ', '-')}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module.split()],
                env=self._environment,
                cwd=_ROOT,
                stderr=log,
            )
        self._processes.append(process)

    def _is_ready(self) -> bool:
        try:
            system = httpx.get(f"{self.url}/system")
        except httpx.TransportError:
            return False
        return system.status_code == 200 and len(system.json()["workers"]) == 2

    def __exit__(self, *_: object) -> None:
        self._nginx.stop()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
