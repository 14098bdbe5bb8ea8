"""Clients of the Reckoner of these tests, and a way to it that can be cut."""

from collections.abc import Iterator

import pytest

from reckoner.client import Client
from tests.faults.links import Link, Links


@pytest.fixture
def client(base_url) -> Iterator[Client]:
    with Client(base_url) as client:
        yield client


@pytest.fixture
def link(base_url) -> Iterator[Link]:
    links = Links()
    yield links.make(int(base_url.rpartition(":")[2]))
    links.close()
