"""Chromium, the service that it looks at, and the pages of others.

Playwright's event loop runs in the thread of the tests while a browser is open, so the browser is
closed before tests of another folder run in the process: they start event loops of their own.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine, create_engine, text

from compose.services import Nginx, free_port
from tests.browser.pages import Pages
from tests.conftest import new_database, virtual_host
from tests.e2e.conftest import Stack
from tests.integration.gateway.server.running import running_gateway
from tests.plug_ins import install_examples

#: Names that lead to 127.0.0.1, in this browser alone.
EVIL = "evil.example"
FRIEND = "friend.example"
PUBLIC = "reckoner.example"

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)


@dataclass(frozen=True)
class Service:
    """A gateway behind NGINX, and its database."""

    url: str
    engine: Engine
    access_log: Path

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def served(self, target: str) -> list[int]:
        """Return the status of each answer to a request for this target so far."""
        lines = map(json.loads, self.access_log.read_text().splitlines())
        return [line["status"] for line in lines if line["target"] == target]

    def count(self) -> int:
        """Return how many calculations there are."""
        with self.engine.begin() as connection:
            counted = connection.execute(text("SELECT count(*) FROM calculations"))
            return int(counted.scalar_one())


StartService = Callable[..., Any]


@pytest.fixture(scope="session")
def start_service(postgres, admin, template_database, state_folder) -> StartService:
    """Start a gateway with these settings, and NGINX before it."""

    @contextmanager
    def start(**settings: Any) -> Iterator[Service]:
        with (
            new_database(postgres, admin, template_database) as url,
            running_gateway(url, **settings) as (_, port),
        ):
            nginx = Nginx(state_folder / f"nginx-{port}", free_port(), f"127.0.0.1:{port}")
            nginx.prepare()
            nginx.start()
            engine = create_engine(url)
            try:
                nginx.wait_ready()
                yield Service(nginx.url, engine, nginx.access_log)
            finally:
                engine.dispose()
                nginx.remove()

    return start


@pytest.fixture(scope="session")
def stack(postgres, admin, rabbitmq, state_folder) -> Iterator[Stack]:
    """All of Reckoner behind NGINX, with the functions of docs/examples, for all tests here.

    They share its calculations: each has some of its own.
    """
    folder = state_folder / "browser"
    folder.mkdir()
    functions = install_examples(folder / "examples")
    with (
        new_database(postgres, admin) as database_url,
        virtual_host(rabbitmq) as broker_url,
        Stack(folder, database_url, broker_url, functions, gateway_processes="1") as stack,
    ):
        yield stack


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, "Chromium is missing. Install it, for example with: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(found), args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page of a browser without cookies and without a cache."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with Pages() as pages:
        yield pages
