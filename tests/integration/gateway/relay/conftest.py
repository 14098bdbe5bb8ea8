"""What tests of the relay share: its connections to PostgreSQL, and a test's own to RabbitMQ."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from gateway.relay.clock_steps import ClockSteps
from shared.postgres.connections import make_engine
from tests.integration.gateway.relay.postgres_clock import LEASE_SECONDS, replace_clock
from tests.integration.queues import open_channel


@pytest.fixture
def relay_engine(settings) -> Iterator[Engine]:
    engine = make_engine(settings.sqlalchemy_url, connections=5, name="test relay")
    yield engine
    engine.dispose()


@pytest.fixture
def channel(broker_url) -> Iterator[Any]:
    with open_channel(broker_url) as channel:
        yield channel


@pytest.fixture
def vhost(broker_url) -> str:
    return str(broker_url.rpartition("/")[2])


@pytest.fixture
def management(rabbitmq) -> Iterator[httpx.Client]:
    """RabbitMQ's management API."""
    with httpx.Client(
        auth=rabbitmq.manager,
        timeout=30,
        base_url=f"{rabbitmq.management_url}/api",
    ) as client:
        yield client


class Clock:
    """A monotonic clock that a test sets, in the place of the module `time`."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """The clock of the rescue."""
    clock = Clock()
    monkeypatch.setattr("gateway.relay.rescue.time", clock)
    return clock


@pytest.fixture
def set_clock(engine) -> Callable[[float], None]:
    """Set PostgreSQL's clock this many seconds ahead of the true time."""
    return replace_clock(engine)


@pytest.fixture
def steps(engine) -> ClockSteps:
    return ClockSteps(engine, lease_seconds=LEASE_SECONDS)
