"""Connections whose server falls silent are shut, whatever they wait for."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import psycopg2
import pytest
from sqlalchemy import make_url

from shared.postgres.deadlines import Deadlines
from tests.faults.links import Links


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr("shared.postgres.deadlines._CHECK_SECONDS", 0.02)


@pytest.fixture
def link(database_url):
    links = Links()
    yield links.make(make_url(database_url).port or 5432)
    links.close()


def connect(database_url, port, deadlines):
    url = make_url(database_url)
    return psycopg2.connect(
        host=url.host,
        port=port,
        user=url.username,
        password=url.password,
        dbname=url.database,
        connection_factory=deadlines.connection_factory,
    )


def copy(_connection, cursor):
    cursor.copy_expert("COPY workers FROM STDIN", BytesIO(b""))


WAITS = {
    "execute": lambda _, cursor: cursor.execute("SELECT 1"),
    "executemany": lambda _, cursor: cursor.executemany("SELECT %s", [(1,), (2,)]),
    "copy_expert": copy,
    "commit": lambda connection, _: connection.commit(),
    "rollback": lambda connection, _: connection.rollback(),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.slow
def test_only_a_connection_whose_server_falls_silent_is_shut(database_url, link, wait):
    deadlines = Deadlines(0.5)
    connection = connect(database_url, link.port, deadlines)
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    other = connect(database_url, make_url(database_url).port, deadlines)
    other.cursor().execute("SELECT 1")  # its deadline is earlier, but it has its answer
    assert link.freeze() == 1
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(wait, connection, cursor)
        try:
            with pytest.raises(psycopg2.Error):
                waiting.result(20)
        finally:
            link.refuse()  # otherwise the thread would never end
    assert connection.closed
    other.cursor().execute("SELECT 1")
    other.commit()
    other.close()


@pytest.mark.slow
def test_a_connection_within_its_time_limit_is_left_alone(database_url):
    connection = connect(database_url, make_url(database_url).port, Deadlines(60))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.5), 42")  # the deadlines are checked several times
        assert cursor.fetchone()[1] == 42
    connection.close()


def test_a_descriptor_that_has_been_reused_is_left_alone(database_url):
    connection = connect(database_url, make_url(database_url).port, Deadlines(5))
    connection.close()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if ours.fileno() != connection.descriptor:
            os.dup2(ours.fileno(), connection.descriptor)
        connection.cut_off()
        theirs.send(b"!")
        assert ours.recv(1) == b"!"
        if ours.fileno() != connection.descriptor:
            os.close(connection.descriptor)
