"""`reckoner doctor` on PostgreSQL: each fault is found, named, and has a remedy."""

from typing import Any

import pytest
from sqlalchemy import make_url, text

from compose.services.credentials import APP, KEYS
from reckoner.cli.operating.doctor import postgres as checks
from reckoner.cli.operating.doctor.going_live import check_keys
from reckoner.cli.operating.doctor.storage import check_storage
from shared.store.server import read_server
from tests.integration.cli.doctor.conftest import levels, only


@pytest.fixture
def database(database_url):
    return make_url(database_url).database


@pytest.fixture
def alter(admin, database):
    """Change a setting of this test's own database, for sessions that begin from now on."""

    def change(setting):
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {database} SET {setting}"))

    return change


def test_a_database_as_it_should_be_has_no_fault(examine, postgres, database):
    url = postgres.url_of(database, APP)
    for check in (checks.check_server, checks.check_schema, checks.check_connections):
        assert levels(examine(check, database_url=url)) == {"ok"}


def test_a_server_that_cannot_be_reached_is_one_fault(examine):
    url = "postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner"
    (found,) = examine(checks.check_server, database_url=url)
    assert found[0] == "fault"
    assert "Connection refused" in found[1]
    assert "RECKONER_DATABASE_URL" in found[1]
    (other,) = examine(checks.check_schema, database_url=url)
    assert other == ("warning", "Not checked: PostgreSQL is not available. See above.")


def test_a_wrong_password_is_not_shown(examine, postgres, database):
    url = make_url(postgres.url_of(database)).set(password="hunter2-hunter2")
    (found,) = examine(checks.check_server, database_url=url.render_as_string(hide_password=False))
    assert "authentication failed" in found[1]
    assert "hunter2" not in found[1]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("synchronous_commit = off", "synchronous_commit is off"),
        ("default_transaction_read_only = on", "It is read-only"),
    ],
)
def test_a_setting_that_breaks_a_promise_is_a_fault(examine, alter, database_url, setting, words):
    alter(setting)
    (found,) = only(examine(checks.check_server, database_url=database_url), "fault")
    assert words in found


@pytest.mark.parametrize(
    ("state", "level", "words"),
    [
        ({"version": "12.9", "version_number": 120_009}, "fault", "PostgreSQL 12.9 is too old"),
        ({"is_standby": True}, "fault", "It is a standby"),
        ({"is_local": False}, "warning", "not encrypted"),
        ({"has_fsync": False}, "fault", "fsync is off"),
        ({"has_full_page_writes": False}, "fault", "full_page_writes is off"),
        ({"has_autovacuum": False}, "fault", "autovacuum"),
        ({"clock": 1e9}, "warning", "clock and PostgreSQL's differ"),
    ],
)
def test_a_server_in_a_wrong_state_is_found(
    examine, monkeypatch, postgres, database, state, level, words
):
    """States that a test cannot bring about alone, on a server that others use."""
    monkeypatch.setattr(checks, "read_server", lambda one: read_server(one)._replace(**state))
    url = postgres.url_of(database, APP)
    (found,) = only(examine(checks.check_server, database_url=url), level)
    assert words in found


def test_an_encrypted_connection_from_elsewhere_is_well(examine, monkeypatch):
    state: dict[str, Any] = {"is_local": False, "is_encrypted": True}
    monkeypatch.setattr(checks, "read_server", lambda one: read_server(one)._replace(**state))
    assert "warning" not in levels(examine(checks.check_server))


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("0005", "older than this version's"),
        ("0009", "newer than this version"),
        ("1975ea83b712", "not Reckoner's"),
    ],
)
def test_a_schema_that_does_not_fit_is_a_fault(examine, engine, revision, words):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        connection.execute(text("UPDATE schema_compatibility SET oldest_revision = '0009'"))
    ((level, found),) = examine(checks.check_schema)
    assert level == "fault"
    assert words in found
    assert "reckoner migrate" in found


def test_a_database_without_the_schema_is_said_by_each_check(examine, empty_database_url):
    for check in (checks.check_schema, check_storage):
        ((level, found),) = examine(check, database_url=empty_database_url)
        assert level == "warning"
        assert "reckoner migrate" in found


@pytest.mark.parametrize(
    "revoked", ["DELETE ON lost_attempts", "UPDATE (last_used_on) ON api_keys"]
)
def test_a_right_that_is_missing_is_named(examine, engine, postgres, database, revoked):
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE {revoked} FROM {APP}"))
    (found,) = only(
        examine(checks.check_schema, database_url=postgres.url_of(database, APP)), "fault"
    )
    right, _, table = revoked.partition(" ON ")
    assert f"{right.partition(' ')[0]} on {table}" in found
    assert "reckoner migrate" in found


def test_what_a_role_may_not_read_is_not_checked(examine, postgres, database):
    ((level, found),) = examine(check_storage, database_url=postgres.url_of(database, KEYS))
    assert level == "warning"
    assert "reckoner_app" in found


def test_a_superuser_is_warned_of_and_the_owner_noted(examine, postgres, database):
    admin = make_url(postgres.admin_url).set(database=database)
    url = admin.render_as_string(hide_password=False)
    (found,) = only(examine(checks.check_schema, database_url=url), "warning")
    assert "superuser" in found
    (found,) = only(examine(checks.check_schema), "note")
    assert "owns the tables" in found


@pytest.mark.parametrize(("connections", "level"), [(1, "fault"), (30, "warning"), (500, "ok")])
def test_too_few_connections_are_found(examine, monkeypatch, connections, level):
    state = {"connections": connections}
    monkeypatch.setattr(checks, "read_server", lambda one: read_server(one)._replace(**state))
    ((found, words),) = examine(
        checks.check_connections, gateway_processes=1, gateway_database_connections=8
    )
    assert found == level
    assert f"may open 23 connections to PostgreSQL, which allows {connections}" in words


def test_keys_are_off_and_not_checked(examine):
    assert examine(check_keys) == []
