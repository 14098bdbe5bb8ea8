"""Every form of a database URL that SQLAlchemy accepts, in everything that connects."""

import asyncio
import os
import subprocess
import sys

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from compose.services import free_port
from gateway.database.database import Database
from migrations.schema import upgrade
from shared.calculation import Lane
from shared.config import load_settings
from shared.errors import SettingsInvalid
from shared.postgres.connections import connect_to_listen, make_engine
from shared.postgres.prepared import Prepared, Query
from shared.postgres.servers import Servers
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.integration.gateway.server.running import running_gateway
from tests.integration.worker_processes import WorkerProcess

#: Forms of the URL: {there} is the server's port, and nothing listens on {gone}.
FORMS = {
    "@127.0.0.1:{there}/{name}": {},
    "@/{name}?host=127.0.0.1:{there}": {},
    "@/{name}?host=127.0.0.1:{gone}&host=127.0.0.1:{there}": {},
    "@/{name}?host=127.0.0.1,127.0.0.1&port={gone},{there}": {},
    "@127.0.0.1/{name}?port={there}&connect_timeout=9&sslmode=disable": {},
    "@localhost:{there}/{name}?keepalives_idle=9": {},
    "@127.0.0.1:{there}/{name}?host=127.0.0.1:{gone}&host=127.0.0.1:{there}"
    "&target_session_attrs=read-write": {},
    "@127.0.0.1:{there}/{name}?application_name=mine": {"application_name": "mine"},
    "@127.0.0.1:{there}/{name}?options=-c%20work_mem%3D7MB%20-c%20statement_timeout%3D7777": {
        "work_mem": "7MB"
    },
}

SETTINGS = Prepared(
    "settings",
    (),
    "SELECT name, current_setting(name) FROM pg_settings"
    " WHERE name IN ('application_name', 'work_mem', 'statement_timeout')",
)


def in_form(form, url):
    """Return this URL in another form."""
    given = make_url(url)
    rest = form.format(there=given.port, gone=free_port(), name=given.database)
    return f"{given.drivername}://{given.username}:{given.password}{rest}"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_url_is_accepted_everywhere(database_url, form):
    url = in_form(form, database_url)
    settings = load_settings({"database_url": url, "broker_url": "amqp://127.0.0.1:1/%2F"})
    engine = make_engine(
        settings.sqlalchemy_url, connections=1, name="test pool", statement_seconds=10
    )
    seen = asyncio.run(ask_in_every_way(settings, engine))
    engine.dispose()
    expected = {"application_name": "test pool", "statement_timeout": "10s", "work_mem": "16MB"}
    assert seen == [expected | FORMS[form]] * 3
    listener = connect_to_listen(settings.sqlalchemy_url, "news", name="listener")
    assert listener.info.dsn_parameters["application_name"] == (
        FORMS[form].get("application_name", "listener")
    )
    listener.close()
    upgrade(make_url(url))


async def ask_in_every_way(settings, engine):
    query = Query(SETTINGS, (), lambda rows: {row[0]: row[1] for row in rows})
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
    try:
        return [
            await database.fetch(query),
            await database.run_transaction(query.on),
            await database.run_autocommit(query.on),
        ]
    finally:
        database.close()


@pytest.mark.parametrize(
    "query",
    ["host=a:1&host=b:2&port=3", "host=a,b&port=1,2,3", "colour=red", "connect_timeout=soon"],
)
def test_an_invalid_url_is_refused_everywhere(query):
    url = f"postgresql+psycopg2://me@/name?{query}"
    with pytest.raises(ArgumentError):
        Servers(make_url(url))
    with pytest.raises(SettingsInvalid, match="RECKONER_DATABASE_URL has "):
        load_settings({"database_url": url})


@pytest.mark.slow
def test_every_process_accepts_the_same_url(database_url, broker_url, tmp_path):
    url = in_form(
        "@/{name}?host=127.0.0.1:{gone}&host=127.0.0.1:{there}"
        "&application_name=mine&options=-c%20work_mem%3D7MB&target_session_attrs=read-write",
        database_url,
    )
    settings = load_settings({"database_url": url, "broker_url": broker_url})
    environment = {"RECKONER_DATABASE_URL": url, "RECKONER_BROKER_URL": broker_url}
    relay = subprocess.Popen([sys.executable, "-m", "gateway.relay"], env=os.environ | environment)
    body = {"function": "fibonacci", "arguments": {"n": 300_000}}
    with (
        running_gateway(url) as (_, port),
        WorkerProcess(settings, Lane.QUICK, tmp_path / "log"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        accepted = client.post("/calculations", json=body)
        assert accepted.status_code == 202
        path = accepted.headers["Location"]
        eventually(lambda: client.get(path).json()["status"] == "succeeded")
        relay.terminate()
        assert relay.wait(30) == 0
