"""Relay and migrations try again after outages and conflicts, and report bugs."""

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from gateway.relay.process import Relay
from migrations.report import Report
from migrations.retrying import retry_migration
from migrations.schema import upgrade
from shared.calculation import Lane
from tests.engines import autocommit
from tests.integration.postgres.outages.failures import BUGS, FEW, raises
from tests.integration.rows import queue


@pytest.mark.parametrize("code", FEW)
def test_a_relay_tells_outages_from_bugs(engine, settings, monkeypatch, code):
    for pause in ("_RETRY_SECONDS", "_BUG_RETRY_SECONDS"):
        monkeypatch.setattr(f"gateway.relay.loop.{pause}", 0.01)
    raises(engine, code, before="UPDATE OF published_at ON calculations")
    with engine.begin() as connection:
        queue(connection)
    lane = Relay(settings, engine, autocommit(engine)).lanes[Lane.QUICK]
    lane.wake()
    lane.loop.run_once()
    said = "A bug in the relay" if code in BUGS else "PostgreSQL is not available"
    assert (lane.loop.problem or "").startswith(said)


@pytest.mark.parametrize("code", FEW)
def test_a_migration_is_tried_again_after_an_outage(empty_database_url, admin, monkeypatch, code):
    monkeypatch.setattr("migrations.retrying._PAUSE_SECONDS", 0.01)
    url = make_url(empty_database_url)
    superuser = create_engine(admin.url.set(database=url.database))
    raises(superuser, code, times=2)
    with superuser.begin() as connection:
        connection.execute(text("GRANT ALL ON SCHEMA failing TO reckoner"))
        connection.execute(text("GRANT ALL ON SEQUENCE failing.tries TO reckoner"))
        connection.execute(
            text(
                "CREATE FUNCTION no_tables() RETURNS event_trigger LANGUAGE plpgsql"
                " AS $$ BEGIN PERFORM failing.now(); END $$"
            )
        )
        connection.execute(
            text("CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION no_tables()")
        )
    superuser.dispose()
    if code in BUGS:
        with pytest.raises(DBAPIError):
            retry_migration(lambda: upgrade(url), Report())
    else:
        retry_migration(lambda: upgrade(url), Report())
