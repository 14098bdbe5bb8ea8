"""Readiness: which states of PostgreSQL and of its schema keep a gateway from accepting work."""

import asyncio
from contextlib import ExitStack
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import make_url, text

from migrations.schema import downgrade
from shared.config import load_settings
from shared.store.tables.schema import SCHEMA_REVISION, find_schema
from tests.asgi import serving
from tests.integration.gateway.routes.neighbours import register_all

_NEWER = f"{int(SCHEMA_REVISION) + 1:04}"
_HEAVY = {"function": "fibonacci", "arguments": {"n": 50_000_000}}


def stand_at(engine, revision, *, oldest="0001"):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        connection.execute(
            text("UPDATE schema_compatibility SET oldest_revision = :to"), {"to": oldest}
        )


def test_an_older_schema_is_not_ready_and_names_the_command(database_url, ready):
    downgrade(make_url(database_url), "0002")
    status, document = ready()
    assert (status, document["status"]) == (503, "unavailable")
    assert document["checks"]["postgresql"] == (
        f"at schema 0002, older than this version's {SCHEMA_REVISION}: "
        "run `python -m migrations upgrade`"
    )


def test_a_database_without_a_schema_is_not_ready(empty_database_url, store_settings, gateway):
    settings = load_settings(
        {"database_url": empty_database_url, "broker_url": store_settings.broker_url}
    )
    answer = gateway(lambda client: client.simulate_get("/health/ready"), settings)
    assert answer.status_code == 503
    assert answer.json["checks"]["postgresql"] == (
        "not migrated: run `python -m migrations upgrade`"
    )


def test_a_compatible_newer_schema_is_ready(engine, ready):
    register_all(engine)
    stand_at(engine, _NEWER, oldest=SCHEMA_REVISION)
    status, document = ready()
    assert (status, document["status"]) == (200, "ready")


@pytest.mark.parametrize("oldest", [_NEWER, "", "nonsense"])
def test_an_incompatible_newer_schema_is_not_ready(engine, ready, oldest):
    stand_at(engine, _NEWER, oldest=oldest)
    status, document = ready()
    assert status == 503
    assert document["checks"]["postgresql"] == (
        f"the database is newer than this version ({_NEWER}, {SCHEMA_REVISION} known): "
        "run the newer version"
    )


def test_a_schema_of_another_program_is_not_ready(engine, ready):
    stand_at(engine, "3f2a9c")
    status, document = ready()
    assert status == 503
    assert "'3f2a9c', which is not Reckoner's" in document["checks"]["postgresql"]


def test_a_database_without_the_table_that_submissions_need_is_not_ready(engine, ready):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calculations RENAME TO computations"))
    status, document = ready()
    assert status == 503
    assert document["checks"]["postgresql"].startswith(
        'refuses what a submission needs: relation "calculations" does not exist'
    )


def test_a_database_that_takes_no_writes_is_not_ready(engine, admin, gateway):
    with admin.connect() as connection:
        connection.execute(
            text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on")
        )

    async def scenario(client):
        submitted = await client.simulate_post("/calculations", json=_HEAVY)
        return submitted.status_code, await client.simulate_get("/health/ready")

    submitted, answer = gateway(scenario)
    assert submitted == answer.status_code == 503
    assert answer.json["checks"]["postgresql"].startswith("read-only")


def test_readiness_uses_the_connections_that_submissions_need(admin, store_settings, gateway):
    """They are lost, and the role's connection limit allows no new ones; other connections work."""
    role = f"limited_{uuid4().hex}"
    url = make_url(store_settings.database_url).set(username=role, password="limited")
    settings = load_settings(
        {
            "database_url": url.render_as_string(hide_password=False),
            "broker_url": store_settings.broker_url,
        }
    )
    with admin.connect() as connection:
        connection.execute(
            text(f"CREATE ROLE {role} LOGIN PASSWORD 'limited' CONNECTION LIMIT 8 IN ROLE reckoner")
        )

    async def scenario(client):
        assert (await client.simulate_post("/calculations", json=_HEAVY)).status_code == 202
        assert (await client.simulate_get("/health/ready")).status_code == 200
        with ExitStack() as stack:
            await asyncio.to_thread(take_the_connections_of_submissions, admin, url, stack)
            return [
                (await client.simulate_post("/calculations", json=_HEAVY)).status_code,
                (await client.simulate_get("/health/ready")).status_code,
                (await client.simulate_get("/calculations")).status_code,
            ]

    try:
        assert gateway(scenario, settings) == [503, 503, 200]
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP ROLE {role}"))


def take_the_connections_of_submissions(admin, url, stack):
    """End those with prepared statements, which the event loop uses; take all that are free."""
    with admin.connect() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE usename = :role AND query LIKE 'EXECUTE%'"
            ),
            {"role": url.username},
        )
        assert set(ended.scalars()) == {True}
    address = url.translate_connect_args(username="user", database="dbname")
    while True:
        try:
            stack.callback(psycopg2.connect(**address).close)
        except psycopg2.OperationalError as error:
            assert "too many connections" in str(error)
            return


def test_however_many_ask_postgresql_is_queried_once_at_a_time(
    store_settings, registry, monkeypatch
):
    queries = []

    def find():
        queries.append(find_schema())
        return queries[-1]

    monkeypatch.setattr("gateway.routes.health.find_schema", find)

    async def scenario():
        async with serving(store_settings, registry) as client, asyncio.timeout(60):
            return await asyncio.gather(*(client.ask("GET", "/health/ready") for _ in range(50)))

    assert {answer.status for answer in asyncio.run(scenario())} == {200}
    assert len(queries) == 1
