"""What submissions ask of PostgreSQL, and what they get."""

import pytest
from sqlalchemy import event

from shared.failures import CANCELLED_JSON
from shared.store import calculations, new_calculations
from tests.factories import make_calculation
from tests.integration import submitting

QUEUED = {"n": 300_000}
INLINE = {"n": 1_000}


@pytest.fixture
def transactions(engine):
    """The statements sent in threads: those of whole transactions."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
    return sent


def submit(engine, settings, registry, arguments, times=1):
    calculation = make_calculation(arguments=arguments)
    return submitting.submit(engine, settings, registry, calculation, times)


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
