"""What all tests share: real PostgreSQL and RabbitMQ of their own, and a clean one for each test.

A service that cannot be started is a failure, never a skip.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from compose.services import Postgres, RabbitMQ, free_port
from migrations.schema import upgrade
from shared.config import Settings, load_settings
from shared.connections import make_engine
from shared.functions.registry import Registry, load_registry

_numbers = itertools.count()


def pytest_addoption(parser):
    parser.addoption(
        "--base-url", help="run tests/e2e against this address, not a stack of its own"
    )


@pytest.fixture(scope="session", autouse=True)
def plain_environment():
    """Tests see no setting of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("RECKONER_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="reckoner-test-"))
    folder.chmod(0o755)  # PostgreSQL's own user has to get in
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(state_folder) -> Iterator[Postgres]:
    server = Postgres(state_folder / "postgres", free_port())
    server.prepare()
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()
        server.remove()


@pytest.fixture(scope="session")
def rabbitmq(state_folder) -> Iterator[RabbitMQ]:
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
        server.stop()
        server.remove()


@pytest.fixture(scope="session")
def admin(postgres) -> Iterator[Engine]:
    engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template_database(postgres, admin) -> str:
    """A database at the newest schema, to be cloned."""
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE template_reckoner OWNER reckoner"))
    upgrade(make_url(postgres.url_of("template_reckoner")))
    return "template_reckoner"


@pytest.fixture
def empty_database_url(postgres, admin) -> Iterator[str]:
    """A database of this test's own, without a schema."""
    name = f"test_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER reckoner"))
    yield postgres.url_of(name)
    _drop(admin, name)


@pytest.fixture
def database_url(postgres, admin, template_database) -> Iterator[str]:
    """A database of this test's own, at the newest schema."""
    name = f"test_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE {template_database} OWNER reckoner")
        )
    yield postgres.url_of(name)
    _drop(admin, name)


def _drop(admin: Engine, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def broker_url(rabbitmq) -> Iterator[str]:
    """A virtual host of this test's own."""
    name = f"test-{uuid4().hex}"
    address = f"{rabbitmq.management_url}/api/vhosts/{name}"
    with httpx.Client(auth=(rabbitmq.user, rabbitmq.password), timeout=30) as client:
        client.put(address).raise_for_status()
        grant = {"configure": ".*", "write": ".*", "read": ".*"}
        client.put(
            f"{rabbitmq.management_url}/api/permissions/{name}/{rabbitmq.user}", json=grant
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
    engine = make_engine(store_settings, connections=4, name="test")
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
