"""What tests of migrations share: an empty database, and the command as it is typed."""

import json
import logging
import sys

import pytest
from sqlalchemy import create_engine, make_url

from migrations import __main__ as command
from migrations import blockers, retrying, session


@pytest.fixture
def url(empty_database_url):
    return make_url(empty_database_url)


@pytest.fixture
def watcher(empty_database_url):
    """A connection that watches the database, in autocommit."""
    engine = create_engine(empty_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(autouse=True)
def short_times(monkeypatch):
    monkeypatch.setattr(session, "LOCK_SECONDS", 1.0)
    monkeypatch.setattr(retrying, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(blockers, "_POLL_SECONDS", 0.1)


@pytest.fixture
def own_logging():
    """Restore what the command sets up for the process that it has to itself."""
    loggers = [logging.getLogger(name) for name in (None, "alembic", "pika")]
    levels = [logger.level for logger in loggers]
    handlers = loggers[0].handlers[:]
    yield
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def migrations(monkeypatch, capsys, empty_database_url, own_logging):
    """Run the command as it is typed; return its exit status and its lines."""

    def run(*arguments):
        monkeypatch.setenv("RECKONER_DATABASE_URL", empty_database_url)
        monkeypatch.setenv("RECKONER_BROKER_URL", "amqp://127.0.0.1:1/%2F")
        monkeypatch.setattr(sys, "argv", ["migrations", *arguments])
        capsys.readouterr()
        status = command.main()
        lines = map(json.loads, capsys.readouterr().err.splitlines())
        return status, [line["message"] for line in lines]

    return run
