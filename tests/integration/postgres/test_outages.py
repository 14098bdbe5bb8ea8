"""What PostgreSQL may say, and that all who hear it agree on what it means."""

import asyncio
import logging
import threading
import time
from contextlib import closing
from io import BytesIO
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database
from gateway.relay.process import Relay
from migrations.report import Report
from migrations.retrying import retry_while_unavailable
from migrations.schema import upgrade
from shared.calculation import Lane, Status, Work
from shared.calculator import Calculator
from shared.errors import StoreUnavailable
from shared.postgres.outages import DATABASE_ERRORS, is_conflict, is_outage, is_transient
from shared.postgres.prepared import Prepared, Query
from shared.store.new_calculations import insert_queued
from tests.child_with_test_functions import COMMAND
from tests.conftest import new_database
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.integration.lanes import make_test_calculation
from tests.integration.rows import WORKER, claim, queue, row_of
from workers.broker.consumer import Delivery
from workers.heavy.attempt import Attempt
from workers.heavy.lease import Lease, Leases
from workers.presence import Presence, Watermark
from workers.quick.group_commit import FinishedMessage, GroupCommit, Outcome
from workers.sandbox.spares import SpareChildren

OUTAGES = [
    "08000",  # connection exception
    "08006",  # connection failure
    "25006",  # read-only transaction: a standby
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction took too long
    "40003",  # nobody knows whether it was committed
    "53100",  # disk full
    "53200",  # out of memory
    "53300",  # too many connections
    "55P03",  # lock not available
    "57014",  # statement took too long
    "57P01",  # shutdown
    "57P03",  # starting up
    "58000",  # system error
    "58030",  # input or output failed
]
CONFLICTS = ["40000", "40001", "40P01"]
BUGS = [
    "22003",  # number out of range
    "23514",  # a CHECK is violated
    "25P02",  # the transaction failed before
    "40002",  # a constraint is violated at commit
    "42501",  # no permission
    "42703",  # no such column
    "42P01",  # no such table
    "55000",  # not in the state that is needed
    "XX000",  # internal error
    "XX001",  # data corrupted
]
CODES = [*OUTAGES, *CONFLICTS, *BUGS]

#: One of each class, for what takes a while.
FEW = ["08006", "25006", "40003", "40P01", "42703", "53100", "55P03", "57P01", "58030", "XX000"]


@pytest.fixture(scope="module")
def database_url(postgres, admin, template_database):
    """One database for all tests here: they are many, and short."""
    with new_database(postgres, admin, template_database) as url:
        yield url


@pytest.fixture(autouse=True)
def _empty(engine):
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS failing CASCADE"))
        connection.execute(text("TRUNCATE calculations, result_chunks, workers"))


def raises(engine, code, *, before=None, times=10**9):
    """Have PostgreSQL raise this code so many times: by `failing.now()`, or before a statement."""
    body = (
        f"BEGIN IF nextval('failing.tries') <= {times} THEN"
        f" RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END IF; RETURN NULL; END"
    )
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA failing CREATE SEQUENCE tries"))
        for name, kind in (("now", "integer"), ("before", "trigger")):
            function = f"FUNCTION failing.{name}() RETURNS {kind} LANGUAGE plpgsql AS $${body}$$"
            connection.execute(text(f"CREATE {function}"))
        if before:
            trigger = f"TRIGGER failing BEFORE {before} EXECUTE FUNCTION failing.before()"
            connection.execute(text(f"CREATE {trigger}"))


def tries(engine):
    with engine.begin() as connection:
        return connection.execute(text("SELECT last_value FROM failing.tries")).scalar_one()


def expected(code):
    """Return what a party raises that gives up."""
    return DBAPIError if code in BUGS else StoreUnavailable


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_an_outage_a_conflict_or_a_bug(engine, code):
    raises(engine, code)
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text("SELECT failing.now()"))
    assert isinstance(caught.value.orig, psycopg2.Error)
    assert caught.value.orig.pgcode == code
    kinds = (is_outage(caught.value), is_conflict(caught.value), is_transient(caught.value))
    assert kinds == (code in OUTAGES, code in CONFLICTS, code not in BUGS)
    assert (is_outage(caught.value.orig), is_conflict(caught.value.orig)) == kinds[:2]


def refused(_engine, connection):
    psycopg2.connect(host="127.0.0.1", port=1, connect_timeout=5)


def cut_off_in_a_statement(_engine, connection):
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def cut_off_in_a_copy(engine, connection):
    with closing(connection.connection.cursor()) as cursor:
        with engine.begin() as other:
            pid = cursor.connection.get_backend_pid()
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        cursor.copy_expert("COPY workers FROM STDIN", BytesIO(b""))


def used_after_its_end(_engine, connection):
    connection.connection.dbapi_connection.close()
    connection.connection.cursor().execute("SELECT 1")


def too_many_for_their_pool(_engine, connection):
    few = create_engine(connection.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    try:
        with few.connect(), few.connect():
            pass
    finally:
        few.dispose()


@pytest.mark.parametrize(
    "happens",
    [
        refused,
        cut_off_in_a_statement,
        cut_off_in_a_copy,
        used_after_its_end,
        too_many_for_their_pool,
    ],
)
def test_what_has_no_code_is_an_outage(engine, happens):
    with engine.connect() as connection:
        with pytest.raises(DATABASE_ERRORS) as caught:
            happens(engine, connection)
        connection.invalidate()
    assert is_outage(caught.value)


@pytest.mark.parametrize("code", CODES)
def test_the_gateways_pool_answers_503_to_what_passes_by(engine, store_settings, code):
    raises(engine, code)
    query = Query(Prepared("failing", (), "SELECT failing.now()"), (), list)
    pool = make_pool(store_settings)
    kind = psycopg2.Error if code in BUGS else StoreUnavailable
    with pytest.raises(kind):
        asyncio.run(fetched(pool, pool.fetch(query)))


async def fetched(pool, fetching):
    try:
        return await fetching
    finally:
        pool.close()


@pytest.mark.parametrize("code", FEW)
@pytest.mark.parametrize("way", ["run", "run_one"])
def test_the_gateways_threads_answer_503_to_what_passes_by(engine, store_settings, code, way):
    raises(engine, code)
    pool = make_pool(store_settings)
    database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
    with pytest.raises(expected(code)):
        asyncio.run(getattr(database, way)(lambda one: one.execute(text("SELECT failing.now()"))))


class Answers:
    """Stands where a consumer does, and notes how messages were answered."""

    def __init__(self):
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        self.acknowledge = self.acknowledged.extend
        self.refuse = self.refused.append

    def __bool__(self):
        return bool(self.acknowledged or self.refused)


@pytest.mark.parametrize("code", CODES)
def test_a_quick_result_is_written_later_unless_it_cannot_be(engine, monkeypatch, code):
    monkeypatch.setattr("shared.postgres.retry._FIRST_PAUSE_SECONDS", 0.01)
    raises(engine, code, before="UPDATE ON calculations", times=2)
    with engine.begin() as connection:
        calculation = queue(connection)
    computed = Calculator().compute(calculation.function, calculation.arguments)
    work = Work(calculation.id, "fibonacci", 1, calculation.arguments, "request")
    answers: Any = Answers()
    message: Any = None
    outcome = Outcome(work, computed, None)
    writer = GroupCommit(autocommit(engine))
    writer.start()
    writer.submit(FinishedMessage(Delivery(message, 7, answers), [outcome]))
    eventually(lambda: answers)
    writer.close()
    with engine.begin() as connection:
        status = row_of(connection, calculation)["status"]
    if code in BUGS:
        assert (answers.refused, answers.acknowledged, status) == ([7], [], Status.QUEUED)
    else:
        assert (answers.refused, answers.acknowledged, status) == ([], [7], Status.SUCCEEDED)


@pytest.mark.parametrize("code", FEW)
@pytest.mark.parametrize(
    ("digits", "before"),
    [
        (10, "UPDATE OF result_digits ON calculations"),
        (10_000, "INSERT ON result_chunks"),  # by COPY
    ],
)
def test_a_heavy_result_is_written_later_unless_it_cannot_be(
    engine, store_settings, monkeypatch, code, digits, before
):
    monkeypatch.setattr("shared.postgres.retry._FIRST_PAUSE_SECONDS", 0.01)
    raises(engine, code, before=before, times=2)
    calculation = make_test_calculation("whole", digits, Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    lease = Lease(claimed, time.monotonic() + 60)
    attempt = Attempt(lease, store_settings, engine, WORKER, SpareChildren(COMMAND))
    if code in BUGS:
        with pytest.raises(DBAPIError):
            attempt.run()
        return
    attempt.run()
    with engine.begin() as connection:
        row = row_of(connection, calculation)
    assert (row["status"], row["attempt"], row["result_digits"]) == ("succeeded", 1, digits)


def errors_in(caplog, logger):
    """Return the levels at which this logger has said something."""
    return {record.levelno for record in caplog.records if record.name == logger}


@pytest.mark.parametrize("code", FEW)
def test_a_lease_is_renewed_later_and_a_bug_is_logged_as_one(engine, caplog, code):
    with engine.begin() as connection:
        claimed = claim(connection, queue(connection, lane=Lane.HEAVY))
    raises(engine, code, before="UPDATE OF lease_until ON calculations", times=2)
    leases = Leases(engine, WORKER, lease_seconds=60, heartbeat_seconds=0.01)
    lease = leases.hold(claimed, time.monotonic())
    leases.start()
    eventually(lambda: tries(engine) > 2)
    leases.close()
    assert lease.end is None
    level = logging.ERROR if code in BUGS else logging.WARNING
    assert errors_in(caplog, "workers.heavy.lease") == {level}


@pytest.mark.parametrize("code", FEW)
def test_presence_waits_for_what_passes_by_and_logs_a_bug_as_one(engine, caplog, monkeypatch, code):
    monkeypatch.setattr("workers.presence._START_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    raises(engine, code, before="INSERT ON workers", times=2)
    presence = Presence(engine, WORKER, Watermark(), lane=Lane.QUICK, slots=1)
    assert presence.start(threading.Event())
    with engine.begin() as connection:
        connection.execute(text("ALTER SEQUENCE failing.tries RESTART"))
    eventually(lambda: tries(engine) > 2)
    presence.close()
    level = logging.ERROR if code in BUGS else logging.WARNING
    assert errors_in(caplog, "workers.presence") == {level}


@pytest.mark.parametrize("code", FEW)
def test_what_a_relay_meets_is_told_apart(engine, settings, monkeypatch, code):
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
def test_a_migration_is_tried_again_unless_it_cannot_be(
    empty_database_url, admin, monkeypatch, code
):
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
            retry_while_unavailable(lambda: upgrade(url), Report())
    else:
        retry_while_unavailable(lambda: upgrade(url), Report())
