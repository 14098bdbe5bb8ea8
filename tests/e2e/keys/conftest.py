"""A Reckoner with keys on, for all tests here: each would take long to start one of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from compose.services.credentials import APP
from tests.conftest import new_database, virtual_host
from tests.e2e.keys.keyed import (
    Keyed,
    started,
)


@pytest.fixture(scope="session")
def keyed(postgres, admin, template_database, rabbitmq, state_folder) -> Iterator[Keyed]:
    with (
        new_database(postgres, admin, template_database) as url,
        virtual_host(rabbitmq) as broker_url,
    ):
        app_url = postgres.url_of(str(make_url(url).database), APP)
        with started(state_folder / "keyed", url, app_url, broker_url) as keyed:
            yield keyed
