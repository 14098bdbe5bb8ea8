"""Counting what waits takes its share of the time and no more, whatever becomes of it."""

import asyncio
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.database import Database
from gateway.looks import SharedLook
from shared.connections import make_engine
from shared.errors import StoreUnavailable
from tests.engines import autocommit, make_pool


class Counting:
    """A use case that notes when it was carried out."""

    def __init__(self, statement):
        self.statement = statement
        self.looks = 0
        self.busy_seconds = 0.0

    def __call__(self, connection):
        self.looks += 1
        began = time.monotonic()
        try:
            return connection.execute(text(self.statement)).scalar_one()
        finally:
            self.busy_seconds += time.monotonic() - began


def ask_for(settings, seconds, count, most_share, *, statement_seconds=1):
    """Ask for so long, as often as possible; return how each was answered."""
    engine = make_engine(settings, connections=1, name="look", statement_seconds=statement_seconds)
    pool = make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        look = SharedLook(database, count, 0.01, most_share=most_share)
        answers = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                answers.append(await look.get())
            except (StoreUnavailable, DBAPIError) as error:
                answers.append(type(error))
            await asyncio.sleep(0.01)
        await asyncio.to_thread(database.close)
        return answers

    return asyncio.run(main())


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "SELECT pg_sleep(0.2)"])
def test_a_count_takes_its_share_also_when_it_takes_too_long(store_settings, statement):
    count = Counting(statement)
    answers = ask_for(store_settings, 3, count, most_share=0.01)
    assert count.looks == 1
    assert len(answers) > 10
    assert set(answers) == ({StoreUnavailable} if "60" in statement else {""})


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable),
        ("SELECT 1 / 0", DBAPIError),
    ],
)
def test_what_fails_at_once_is_tried_again_soon(store_settings, statement, kind):
    count = Counting(statement)
    answers = ask_for(store_settings, 1, count, most_share=0.01)
    assert 5 < count.looks <= 2 * len(answers)
    assert all(issubclass(answer, kind) for answer in answers)
