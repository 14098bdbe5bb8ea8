"""A feed for quick workers, and a worker in a thread of the test."""

import pytest

from shared.calculation import Lane
from tests.integration.lanes import Feed, WorkerThread


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture
def quick_worker(settings, registry):
    with WorkerThread(settings, Lane.QUICK, registry) as worker:
        yield worker
