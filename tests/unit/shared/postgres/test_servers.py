"""The servers that a database URL names, and their time limits."""

import socket

import psycopg2
import pytest
from sqlalchemy import make_url

from shared.postgres.servers import Servers


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """Two names resolve, one of them to two addresses."""
    known = {"one": ["192.0.2.1"], "two": ["192.0.2.2", "2001:db8::2"]}

    def look_up(name, port, *, type):  # noqa: A002
        if name not in known:
            raise socket.gaierror(name)
        return [(0, type, 0, "", (address, port)) for address in known[name]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def in_order(query):
    return Servers(make_url(f"postgresql+psycopg2://me@/name?{query}")).in_order()


def addresses(servers):
    return [
        tuple(server.address.get(name) for name in ("host", "hostaddr", "port"))
        for server in servers
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("host=one", [("one", "192.0.2.1", None)]),
        ("host=two:7", [("two", "192.0.2.2", "7"), ("two", "2001:db8::2", "7")]),
        (
            "host=one,two",
            [("one", "192.0.2.1", None), ("two", "192.0.2.2", None), ("two", "2001:db8::2", None)],
        ),
        (
            "host=two,one&port=7,8",
            [("two", "192.0.2.2", "7"), ("two", "2001:db8::2", "7"), ("one", "192.0.2.1", "8")],
        ),
        (
            "host=one:7&host=unknown:8",
            [("one", "192.0.2.1", "7"), ("unknown", None, "8")],
        ),
        ("host=one&hostaddr=192.0.2.9", [("one", "192.0.2.9", None)]),
        ("host=/run/postgresql", [("/run/postgresql", None, None)]),
        ("", [(None, None, None)]),
    ],
)
def test_each_address_is_tried_separately(query, expected):
    assert addresses(in_order(query)) == expected


def test_an_address_without_a_port_has_the_default_port(monkeypatch):
    given = {}
    monkeypatch.setattr(psycopg2, "connect", lambda **parameters: given.update(parameters))
    servers = Servers(make_url("postgresql+psycopg2://me@/name?host=one,two"))
    servers.open(servers.in_order()[0], name="test", options=())
    assert (given["host"], given.get("port")) == ("one", None)


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("host=one", [5]),
        ("host=two", [3, 3]),
        ("host=one:7&host=two:7", [3, 3, 3]),
        ("host=one:7&host=two:7&connect_timeout=9", [9, 9, 9]),
        ("host=one&connect_timeout=0", [5]),
    ],
)
def test_each_address_has_its_own_time_limit(query, seconds):
    assert [server.connect_seconds for server in in_order(query)] == seconds


def test_the_server_that_answered_last_is_tried_first_if_only_the_primary_is_wanted():
    for more, is_first in (("", True), ("&target_session_attrs=any", False)):
        servers = Servers(make_url(f"postgresql+psycopg2://me@/n?host=one:7&host=two:8{more}"))
        last = servers.in_order()[-1]
        servers.note(last)
        assert (servers.in_order()[0] == last) is is_first
        assert len(servers.in_order()) == 3
