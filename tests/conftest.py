"""What all tests share: real PostgreSQL and RabbitMQ of their own, and a clean one for each test.

A service that cannot be started is a failure, never a skip.
"""

import json
import os
import shutil
import signal
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from compose.rabbitmq.definitions import PERMISSIONS, USER
from compose.services import Postgres, RabbitMQ, free_port
from migrations.schema import upgrade
from shared.config import Settings, load_settings
from shared.functions.registry import Registry, load_registry
from shared.postgres.connections import make_engine


def pytest_addoption(parser):
    parser.addoption(
        "--base-url", help="run tests/e2e against this address, not a stack of its own"
    )
    parser.addoption(
        "--write-pictures", action="store_true", help="keep the pictures of the console in docs"
    )
    parser.addoption(
        "--servers", help="use the servers that this file names (tests/mutants/servers.py)"
    )


@pytest.hookimpl(optionalhook=True)  # only with pytest-xdist
def pytest_xdist_make_scheduler(config, log):
    from tests.scheduling import TogetherByReckoner

    return TogetherByReckoner(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let reports travel between pytest-xdist's processes: a log may hold a lone surrogate."""
    report = yield
    report.sections = [
        (title, content.encode(errors="backslashreplace").decode())
        for title, content in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def given_servers(request) -> dict[str, Any]:
    """What `--servers` says of PostgreSQL and RabbitMQ; empty if tests start their own."""
    file = request.config.getoption("--servers")
    return json.loads(Path(file).read_text()) if file else {}


@pytest.fixture(scope="session", autouse=True)
def plain_environment():
    """Tests see no setting of whoever runs them, and the signals as a shell leaves them."""
    for name in [name for name in os.environ if name.startswith("RECKONER_")]:
        del os.environ[name]
    # nohup and `&` start processes that ignore them, and whose children inherit that.
    for signum in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(signum) is signal.SIG_IGN:
            is_ctrl_c = signum is signal.SIGINT
            signal.signal(signum, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="reckoner-test-"))
    folder.chmod(0o755)  # PostgreSQL's own user has to get in
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(state_folder, given_servers) -> Iterator[Postgres]:
    if given_servers:
        yield Postgres(**_placed(given_servers["postgres"]))
        return
    server = Postgres(state_folder / "postgres", free_port())
    server.prepare()
    server.start()
    try:
        server.wait_ready()
        server.make_roles()
        yield server
    finally:
        server.kill()  # at once: nothing of it is kept
        server.remove()


@pytest.fixture(scope="session")
def rabbitmq(state_folder, given_servers) -> Iterator[RabbitMQ]:
    if given_servers:
        yield RabbitMQ(**_placed(given_servers["rabbitmq"]))
        return
    server = RabbitMQ(
        state_folder / "rabbitmq",
        free_port(),
        free_port(),
        epmd_port=free_port(),
        distribution_port=free_port(),
    )
    server.prepare()
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()  # at once: its folder is deleted with that of the tests


def _placed(place: dict[str, Any]) -> dict[str, Any]:
    return {**place, "folder": Path(place["folder"])}


@pytest.fixture(scope="session")
def admin(postgres) -> Iterator[Engine]:
    engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template_database(postgres, admin) -> Iterator[str]:
    """A database at the newest schema, to be cloned."""
    name = f"template_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER reckoner"))
    upgrade(make_url(postgres.url_of(name)))
    yield name
    _drop(admin, name)


@contextmanager
def new_database(postgres: Postgres, admin: Engine, template: str = "template1") -> Iterator[str]:
    """Make a database with the contents of another, give its URL, and drop it in the end."""
    name = f"test_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER reckoner"))
    yield postgres.url_of(name)
    _drop(admin, name)


@pytest.fixture
def empty_database_url(postgres, admin) -> Iterator[str]:
    """A database of this test's own, without a schema."""
    with new_database(postgres, admin) as url:
        yield url


@pytest.fixture
def database_url(postgres, admin, template_database) -> Iterator[str]:
    """A database of this test's own, at the newest schema."""
    with new_database(postgres, admin, template_database) as url:
        yield url


def _drop(admin: Engine, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def broker_url(rabbitmq) -> Iterator[str]:
    """A virtual host of this test's own."""
    with virtual_host(rabbitmq) as url:
        yield url


@contextmanager
def virtual_host(rabbitmq: RabbitMQ) -> Iterator[str]:
    """Make a virtual host, give its URL, and delete it in the end.

    The service's user has the rights there that it has in the vhost /.
    """
    name = f"test-{uuid4().hex}"
    address = f"{rabbitmq.management_url}/api/vhosts/{name}"
    # Without the certificates of the web, which would take most of the time.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(auth=rabbitmq.manager, timeout=30, verify=tls) as client:
        client.put(address).raise_for_status()
        client.put(
            f"{rabbitmq.management_url}/api/permissions/{name}/{USER}", json=PERMISSIONS
        ).raise_for_status()
        yield rabbitmq.url.removesuffix("/%2F") + f"/{name}"
        client.delete(address).raise_for_status()


@pytest.fixture
def store_settings(database_url) -> Settings:
    """Settings for what needs PostgreSQL but no RabbitMQ."""
    return load_settings({"database_url": database_url, "broker_url": "amqp://127.0.0.1:1/%2F"})


@pytest.fixture
def settings(database_url, broker_url) -> Settings:
    return load_settings({"database_url": database_url, "broker_url": broker_url})


@pytest.fixture
def engine(store_settings) -> Iterator[Engine]:
    engine = make_engine(store_settings.sqlalchemy_url, connections=4, name="test")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine) -> Iterator[Connection]:
    """A transaction in the test's database, committed at its end."""
    with engine.begin() as connection:
        yield connection


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry()
