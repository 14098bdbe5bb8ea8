"""Brokers of both lanes, which connect to nothing."""

from uuid import uuid4

import pytest
from sqlalchemy import create_engine

from shared.calculation import Lane
from shared.config import Settings, load_settings
from shared.functions.registry import load_registry
from workers.app import make_broker
from workers.broker.broker import LaneBroker
from workers.heavy.lane import HeavyLane
from workers.lifecycle import WorkerLane
from workers.quick.lane import QuickLane


@pytest.fixture(scope="package")
def offline_settings() -> Settings:
    return load_settings(
        {"database_url": "postgresql+psycopg2://h/none", "broker_url": "amqp://h/%2F"}
    )


@pytest.fixture(params=Lane)
def broker(request, offline_settings) -> LaneBroker:
    engine = create_engine(offline_settings.sqlalchemy_url)  # connects when it is first used
    lane: WorkerLane
    if request.param is Lane.QUICK:
        lane = QuickLane(offline_settings, engine, uuid4(), load_registry())
    else:
        lane = HeavyLane(offline_settings, engine, uuid4())
    return make_broker(offline_settings, lane, engine)
