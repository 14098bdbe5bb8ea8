"""The description as an installation has it, and one with the functions of docs/examples too."""

import pytest

from gateway.description.api import describe_api
from shared.config import load_settings
from shared.functions.registry import load_registry


def make_settings(**settings):
    addresses = {
        "database_url": "postgresql+psycopg2://a@127.0.0.1/b",
        "broker_url": "amqp://127.0.0.1:1/%2F",
    }
    return load_settings(addresses | settings)


@pytest.fixture(scope="session")
def description():
    return describe_api(make_settings(), load_registry())
