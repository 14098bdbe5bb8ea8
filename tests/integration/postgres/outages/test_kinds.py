"""Each error of PostgreSQL is an outage, a conflict or a bug."""

from contextlib import closing
from io import BytesIO

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from shared.postgres.outages import DATABASE_ERRORS, is_conflict, is_outage, is_transient
from tests.integration.postgres.outages.failures import BUGS, CODES, CONFLICTS, OUTAGES, raises


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
def test_errors_without_a_code_are_outages(engine, happens):
    with engine.connect() as connection:
        with pytest.raises(DATABASE_ERRORS) as caught:
            happens(engine, connection)
        connection.invalidate()
    assert is_outage(caught.value)
