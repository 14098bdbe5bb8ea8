"""Engines as the programs have them, made from the one that a test has."""

from sqlalchemy import Engine

from gateway.database.pool import AsyncPool
from shared.config import Settings
from shared.postgres.connections import make_async_connector


def autocommit(engine: Engine) -> Engine:
    """Return the same pool of connections, each statement on them a transaction of its own."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def make_pool(settings: Settings, *, size: int = 2, timeout_seconds: float = 15) -> AsyncPool:
    """Return connections like those of a gateway process."""
    return AsyncPool(
        make_async_connector(settings.sqlalchemy_url, name="test pool", statement_seconds=10),
        size=size,
        timeout_seconds=timeout_seconds,
    )
