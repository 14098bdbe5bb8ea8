"""What readiness and /system say, and when they do not say that all is well."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from uuid import uuid4

import pika
import psycopg2
import pytest
from falcon import testing
from sqlalchemy import make_url, text

from gateway.app import create_app
from migrations.schema import downgrade
from shared.calculation import Lane
from shared.config import load_settings
from shared.messages import queue_name
from shared.store import presence
from shared.store.schema import SCHEMA_REVISION
from tests.eventually import eventually
from tests.integration.outbox import make_relay, running
from tests.integration.rows import claim, queue

_NEWER = f"{int(SCHEMA_REVISION) + 1:04}"
_HEAVY = {"function": "fibonacci", "arguments": {"n": 50_000_000}}


@pytest.fixture
def gateway(store_settings, registry):
    """Run a scenario against the application in this process."""

    def run(scenario, settings=store_settings):
        async def main():
            async with testing.ASGIConductor(create_app(settings, registry)) as client:
                return await scenario(client)

        return asyncio.run(asyncio.wait_for(main(), 60))

    return run


@pytest.fixture
def ready(gateway):
    """Ask for readiness; return the status and the document."""

    def ask():
        answer = gateway(lambda client: client.simulate_get("/health/ready"))
        return answer.status_code, answer.json

    return ask


@pytest.fixture
def system(gateway):
    return lambda: gateway(lambda client: client.simulate_get("/system")).json


@pytest.fixture
def channel(broker_url):
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    yield connection.channel()
    connection.close()


def register_relay(engine, *, silent_seconds=0.0, problems=None):
    identity = uuid4()
    with engine.begin() as connection:
        presence.upsert_relay(connection, identity, host="host", pid=1, problems=problems or {})
        connection.execute(
            text("UPDATE relays SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
            {"s": silent_seconds, "id": identity},
        )


def register_worker(engine, lane, *, slots=1):
    with engine.begin() as connection:
        presence.upsert_worker(connection, uuid4(), host="host", pid=1, lane=lane, slots=slots)


def register_all(engine):
    register_relay(engine)
    for lane in Lane:
        register_worker(engine, lane)


def stand_at(engine, revision, *, oldest="0001"):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        connection.execute(
            text("UPDATE schema_compatibility SET oldest_revision = :to"), {"to": oldest}
        )


def test_a_gateway_with_all_it_needs_is_ready(engine, ready):
    register_all(engine)
    assert ready() == (
        200,
        {
            "status": "ready",
            "checks": {
                "postgresql": "ok",
                "relay": "ok",
                "rabbitmq": "ok",
                "quick_workers": "ok",
                "heavy_workers": "ok",
            },
        },
    )


def test_a_gateway_alone_accepts_work_and_says_what_is_missing(ready):
    status, document = ready()
    assert status == 200
    assert document == {
        "status": "degraded",
        "checks": {
            "postgresql": "ok",
            "relay": "no relay",
            "rabbitmq": "unknown: no relay",
            "quick_workers": "no quick worker",
            "heavy_workers": "no heavy worker",
        },
    }


@pytest.mark.parametrize("others", [(), ({"silent_seconds": 300.0},)])
def test_a_relay_that_fell_silent_is_named_with_its_silence(engine, ready, others):
    register_all(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE relays SET seen_at = now() - interval '40 seconds'"))
    for other in others:
        register_relay(engine, **other)
    status, document = ready()
    assert (status, document["status"]) == (200, "degraded")
    assert document["checks"]["relay"] == "relay silent for 40 s"


@pytest.mark.parametrize(
    ("problems", "told"),
    [
        ({Lane.HEAVY: "precondition failed"}, "heavy lane: precondition failed"),
        (dict.fromkeys(Lane, "login refused"), "login refused"),
        ({Lane.QUICK: "full", Lane.HEAVY: "gone"}, "quick lane: full; heavy lane: gone"),
    ],
)
def test_what_a_relay_sees_of_rabbitmq_is_told(engine, ready, problems, told):
    for lane in Lane:
        register_worker(engine, lane)
    register_relay(engine, problems=problems)
    # What one that fell silent saw once does not count.
    register_relay(engine, silent_seconds=40)
    status, document = ready()
    assert (status, document["status"]) == (200, "degraded")
    assert document["checks"]["relay"] == "ok"
    assert document["checks"]["rabbitmq"] == told


def test_readiness_tells_why_rabbitmq_refuses_the_relay(engine, settings, rabbitmq, ready):
    wrong = settings.broker_url.replace(f":{rabbitmq.password}@", ":wrong@")
    with running(make_relay(replace(settings, broker_url=wrong), engine)):
        eventually(lambda: "refused the login" in ready()[1]["checks"]["rabbitmq"])


def test_readiness_tells_which_lanes_queue_is_of_another_type(engine, settings, ready, channel):
    channel.queue_declare(queue_name(Lane.QUICK), durable=True)  # and no quorum queue

    def is_told():
        told = ready()[1]["checks"]["rabbitmq"]
        assert told.startswith("quick lane: "), told
        assert "PRECONDITION_FAILED" in told, told
        return "heavy lane: " not in told  # which is told until it is connected

    with running(make_relay(settings, engine)):
        eventually(is_told)


def test_one_relay_that_gets_through_is_enough(engine, ready):
    register_all(engine)
    register_relay(engine, problems=dict.fromkeys(Lane, "login refused"))
    assert ready()[1]["status"] == "ready"


def test_an_older_schema_is_not_ready_and_says_what_to_run(database_url, ready):
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


def test_a_newer_schema_that_says_it_is_compatible_is_ready(engine, ready):
    register_all(engine)
    stand_at(engine, _NEWER, oldest=SCHEMA_REVISION)
    status, document = ready()
    assert (status, document["status"]) == (200, "ready")


@pytest.mark.parametrize("oldest", [_NEWER, "", "nonsense"])
def test_another_newer_schema_asks_for_the_newer_version(engine, ready, oldest):
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


@pytest.mark.parametrize("table", ["relays", "workers"])
def test_a_gateway_that_cannot_ask_for_the_others_accepts_work(engine, gateway, caplog, table):
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))

    async def scenario(client):
        submitted = await client.simulate_post("/calculations", json=_HEAVY)
        return submitted.status_code, await client.simulate_get("/health/ready")

    submitted, answer = gateway(scenario)
    assert (submitted, answer.status_code) == (202, 200)
    assert answer.json["status"] == "degraded"
    assert answer.json["checks"]["postgresql"] == "ok"
    reason = f'unknown: relation "{table}" does not exist'
    assert answer.json["checks"]["relay"] == answer.json["checks"]["heavy_workers"] == reason
    assert "A shared query failed" in caplog.text, "it is a bug"


def test_readiness_asks_on_the_connections_that_submissions_need(admin, store_settings, gateway):
    """They are lost, and the role's limit lets nobody in again; others go on."""
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
    """End what has prepared statements, which is what the event loop uses; leave no room."""
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


def test_no_end_is_estimated_where_nothing_can_come_to_it(engine, system):
    with engine.begin() as connection:
        queue(connection, n=1_000_000, lane=Lane.HEAVY)
        queue(connection, n=1_000)
    state = system()
    assert state["relays"] == []
    assert [lane["estimated_seconds_to_go"] for lane in state["lanes"].values()] == [None, None]
    register_relay(engine, problems={Lane.QUICK: "full"})
    register_worker(engine, Lane.QUICK)
    register_worker(engine, Lane.HEAVY)
    state = system()
    (relay,) = state["relays"]
    assert relay["problems"] == {"quick": "full"}
    assert relay["silent_seconds"] >= 0
    assert state["lanes"]["quick"]["estimated_seconds_to_go"] is None
    assert state["lanes"]["heavy"]["estimated_seconds_to_go"] > 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE relays SET seen_at = now() - interval '40 seconds'"))
    assert system()["lanes"]["heavy"]["estimated_seconds_to_go"] is None


def test_where_nothing_moves_a_client_is_told_to_come_back_in_a_while(engine, gateway):
    async def scenario(client):
        answers = []
        for _ in range(200):  # the first only begins the look
            answer = await client.simulate_post("/calculations", json={**_HEAVY})
            answers.append(int(answer.headers["Retry-After"]))
            if answers[-1] != answers[0]:
                break
            await asyncio.sleep(0.02)
        return answers

    assert gateway(scenario)[-1] == 15
    register_all(engine)
    assert gateway(scenario)[-1] < 15


def test_no_age_is_negative_after_the_clock_was_set_back(engine, system):
    register_all(engine)
    with engine.begin() as connection:
        queue(connection, n=1_000)
        claim(connection, queue(connection, n=1_000_000, lane=Lane.HEAVY))
        connection.execute(
            text("""
            UPDATE calculations SET not_before = now() + interval '1 hour';
            UPDATE workers SET seen_at = now() + interval '1 hour';
            UPDATE relays SET seen_at = now() + interval '1 hour'""")
        )
    state = system()
    assert state["lanes"]["quick"]["oldest_queued_seconds"] == 0
    assert state["outbox"]["age_seconds"] >= 0
    assert all(relay["silent_seconds"] >= 0 for relay in state["relays"])
