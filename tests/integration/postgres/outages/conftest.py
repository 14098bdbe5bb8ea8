"""A database in which PostgreSQL can be made to fail."""

import pytest
from sqlalchemy import text

from tests.conftest import new_database


@pytest.fixture(scope="module")
def database_url(postgres, admin, template_database):
    """One database for all tests of a module, since they are many and short."""
    with new_database(postgres, admin, template_database) as url:
        yield url


@pytest.fixture(autouse=True)
def _empty(engine):
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS failing CASCADE"))
        connection.execute(text("TRUNCATE calculations, result_chunks, workers"))
