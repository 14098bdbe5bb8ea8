"""What submissions ask of PostgreSQL, and what they get."""

import asyncio

import pytest
from sqlalchemy import event

from gateway.database import Database
from gateway.looking import make_look
from gateway.planning import Planner
from gateway.submission import Submission
from shared.computing import Calculator
from shared.failures import CANCELLED_JSON
from shared.store import calculations, new_calculations
from tests.engines import autocommit, make_pool
from tests.factories import make_calculation

QUEUED = {"n": 300_000}
INLINE = {"n": 1_000}


@pytest.fixture
def transactions(engine):
    """The statements sent in threads: those of whole transactions."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
    return sent


def submit(engine, settings, registry, arguments, times=1):
    """Submit one calculation so many times at once; return the rows."""
    pool = make_pool(settings)
    calculation = make_calculation(arguments=arguments)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        planner = Planner(registry, settings)
        submission = Submission(database, planner, Calculator(), make_look(database))
        rows = (submission.submit(calculation, "request") for _ in range(times))
        try:
            return await asyncio.gather(*rows)
        finally:
            pool.close()

    return asyncio.run(main())


@pytest.mark.parametrize(("arguments", "status"), [(QUEUED, "queued"), (INLINE, "succeeded")])
def test_a_hundred_of_one_are_one_and_need_no_transaction(
    engine, store_settings, registry, transactions, arguments, status
):
    for _ in range(2):
        rows = submit(engine, store_settings, registry, arguments, times=100)
        assert len({row["created_at"] for row in rows}) == 1
        assert {row["status"] for row in rows} == {status}
    assert not transactions


def test_what_was_cancelled_is_queued_again(engine, store_settings, registry):
    submit(engine, store_settings, registry, QUEUED)
    identity = make_calculation(arguments=QUEUED).id
    with engine.begin() as connection:
        calculations.cancel_calculation(connection, identity, CANCELLED_JSON)
    (row,) = submit(engine, store_settings, registry, QUEUED)
    assert row["status"] == "queued"


def test_what_is_queued_and_cheap_is_computed_at_once(engine, store_settings, registry):
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [make_calculation(arguments=INLINE)], "batch")
    (row,) = submit(engine, store_settings, registry, INLINE)
    assert row["status"] == "succeeded"
