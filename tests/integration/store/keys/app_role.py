"""Connections with the rights of gateways, relays and workers."""

import pytest
from sqlalchemy import make_url

from compose.services.credentials import APP
from shared.postgres.connections import make_engine


@pytest.fixture
def app_engine(postgres, database_url):
    url = make_url(postgres.url_of(make_url(database_url).database, APP))
    engine = make_engine(url, connections=1, name="test", is_autocommit=True)
    yield engine
    engine.dispose()
