"""What a calculation costs, in counts that do not depend on the machine's load."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, event, text

from gateway.relay.confirms import Receipt
from gateway.relay.process import Relay
from gateway.submission.plan import Planner
from shared.calculation import Lane, Status
from shared.store import new_calculations
from tests.engines import autocommit
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread

COUNT = 1_000


@pytest.fixture
def statements(engine):
    """The statements that this engine has sent."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
    return sent


def small_ones(first: int = 1_000):
    return [make_calculation(arguments={"n": n}) for n in range(first, first + COUNT)]


def test_a_batch_is_one_statement(engine, statements):
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, small_ones(), "request")
    assert len(statements) == 1


def test_the_relay_takes_a_batch_with_one_statement_and_few_messages(
    settings, engine, statements, monkeypatch
):
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, small_ones(), "request")
    relay = Relay(settings, engine, autocommit(engine))
    published: list[bytes] = []

    def publish(bodies):
        published.extend(bodies)
        return Receipt(frozenset(range(len(bodies))))

    lane = relay.lanes[Lane.QUICK]
    monkeypatch.setattr(lane.publisher, "connect", lambda: None)
    monkeypatch.setattr(lane.publisher, "publish", publish)
    statements.clear()
    while lane.publish_batch():
        pass
    taking = [statement for statement in statements if "EXECUTE" in statement]
    assert len(taking) <= COUNT / settings.relay_batch + 1
    # With a commit for each; and it is prepared, and planned, once. The first is preceded by the
    # question which messages the workers take, asked every few seconds.
    assert sum("offers IS NULL" in statement for statement in statements) == 1
    assert len(statements) <= 2 * len(taking) + 3
    assert len(published) <= COUNT / 50
    assert sum(map(len, published)) / COUNT < 250
    assert sum(len(json.loads(body)["kwargs"]["work"]["calculations"]) for body in published) == (
        COUNT
    )


@pytest.fixture
def log(postgres, admin, database_url) -> Iterator[Engine]:
    """An engine for a superuser, who may read PostgreSQL's write-ahead log."""
    name = database_url.rsplit("/", 1)[1]
    engine = create_engine(postgres.url_of(name, admin.url.username))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION pg_walinspect"))
        connection.execute(text("ALTER TABLE calculations SET (autovacuum_enabled = off)"))
    yield engine
    engine.dispose()


def position(log):
    with log.begin() as connection:
        return connection.execute(text("SELECT pg_current_wal_insert_lsn()")).scalar_one()


def bytes_written(log, began):
    """Count the bytes of write-ahead log for this database's tables and indexes since a position.

    Not those of whole pages, which depend on when the last checkpoint was.
    """
    with log.begin() as connection:
        connection.execute(text("SELECT pg_current_xact_id()"))
    with log.begin() as connection:  # that commit has written everything before it to disk
        return connection.execute(
            text(
                "SELECT sum(record_length - fpi_length)"
                " FROM pg_get_wal_records_info_till_end_of_wal(CAST(:began AS pg_lsn)),"
                "      (SELECT oid FROM pg_database WHERE datname = current_database()) AS here"
                " WHERE block_ref LIKE '%/' || oid || '/%'"
            ),
            {"began": began},
        ).scalar_one()


@pytest.mark.slow
def test_a_calculation_writes_few_bytes_from_insert_to_result(settings, engine, registry, log):
    """Bytes of write-ahead log for three versions of a row and their index entries.

    It was always 2,420 to 2,445. Another index adds 200, another version about 400.
    """
    feed = Feed(settings, engine)
    work = small_ones()
    began = position(log)
    relay = Relay(settings, engine, autocommit(engine))
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, work, "request")
    while relay.lanes[Lane.QUICK].publish_batch():
        pass
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *work)
    relay.lanes[Lane.QUICK].publisher.close()
    assert bytes_written(log, began) / COUNT < 2_450


def test_an_update_of_a_lease_touches_no_index(engine):
    """Heartbeats are the only statements that run as long as a calculation does."""
    with engine.begin() as connection:
        indexed = connection.execute(
            text(
                "SELECT attname FROM pg_index JOIN pg_attribute "
                "ON attrelid = indrelid AND attnum = ANY (indkey) "
                "WHERE indrelid = 'calculations'::regclass"
            )
        ).scalars()
        assert not {"lease_until", "progress"} & set(indexed)


def test_planning_a_request_uses_no_schema_validator(settings, registry, monkeypatch):
    def never(*_arguments):
        raise AssertionError("20 times slower")

    monkeypatch.setattr("reckoner.authoring.arguments.binding.Arguments._validate", never)
    planner = Planner(registry, settings)
    for n in (0, 1_000, 10**9):
        planner.plan_request({"function": "fibonacci", "arguments": {"n": n}})
