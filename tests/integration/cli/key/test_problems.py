"""What `reckoner key` says when the database does not let it, and which rights are enough."""

from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from compose.services.credentials import APP, KEYS
from tests.integration.cli.key.command import keys
from tests.integration.store.keys.rows import put_session

__all__ = ["keys"]


@pytest.fixture
def log_in(postgres, database_url, monkeypatch):
    """Has the command log in with a role, which has its rights and no other."""

    def log_in(role: str) -> None:
        url = postgres.url_of(make_url(database_url).database, role)
        monkeypatch.setenv("RECKONER_DATABASE_URL", url)

    return log_in


def test_all_of_it_works_with_rights_on_keys_and_sessions_alone(keys, log_in, engine, tmp_path):
    log_in(KEYS)
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE ALL ON alembic_version, schema_compatibility FROM {KEYS}"))
    key = keys.create()
    with engine.begin() as connection:
        put_session(connection, key.id)
    keys.rotate("shop", "--overlap", "0")
    for file in (tmp_path / "key", tmp_path / "key"):
        done = keys.run("create", "operator", "--scope", "operate", "--file", str(file))
        assert done.exit_code == 0, done.output
    assert keys.run("revoke", "shop").exit_code == 0
    assert [one["name"] for one in keys.list()] == ["operator"]


def test_a_role_that_may_not_is_named(keys, log_in):
    log_in(APP)
    assert "permission denied for table api_keys" in keys.refuse("create", "shop", "--scope=read")
    assert f"The role {APP} may not administer keys" in keys.refuse(
        "create", "shop", "--scope=read"
    )
    assert keys.list() == []


def test_an_older_schema_is_said_to_need_a_migration(keys, engine):
    older = [
        "ALTER TABLE api_keys RENAME COLUMN former_until TO until",
        "DROP TABLE sessions, api_keys",
    ]
    for change in older:
        with engine.begin() as connection:
            connection.execute(text(change))
        for arguments in (("list",), ("create", "shop", "--scope", "read"), ("revoke", "shop")):
            assert "python -m migrations upgrade" in keys.refuse(*arguments)


def test_a_database_that_is_away_is_reported_in_two_lines(keys, monkeypatch):
    monkeypatch.setenv("RECKONER_DATABASE_URL", "postgresql+psycopg2://a:hidden@127.0.0.1:1/b")
    for arguments in (("list",), ("create", "shop", "--scope", "read")):
        said = keys.refuse(*arguments)
        assert "PostgreSQL is not available" in said
        assert "Check RECKONER_DATABASE_URL" in said
        assert (len(said.splitlines()), "hidden" in said) == (2, False)


def test_a_key_that_could_not_be_written_is_said_to_be_lost(keys):
    with Path("/dev/full").open("w") as full:
        done = keys.start("create", "shop", "--scope", "read", stdout=full)
        errors = done.communicate(timeout=30)[1]
    [listed] = keys.list()
    assert done.returncode == 1
    assert f"`reckoner key revoke {listed['id']}`" in errors
    assert "Traceback" not in errors
