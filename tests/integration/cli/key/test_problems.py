"""What `reckoner key` says when the database does not let it, and which rights are enough."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.integration.cli.key.command import keys
from tests.integration.store.keys.rows import put_session

__all__ = ["keys"]


@pytest.fixture
def role(admin, database_url, monkeypatch):
    """Has the command log in with a role that has these rights and no other."""
    name = f"keys_{uuid4().hex}"
    owner = create_engine(database_url)

    def log_in(*rights: str) -> None:
        with owner.begin() as connection:
            for right in rights:
                connection.execute(text(f"GRANT {right} TO {name}"))
        url = make_url(database_url).set(username=name, password="password")
        monkeypatch.setenv("RECKONER_DATABASE_URL", url.render_as_string(hide_password=False))

    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'password'"))
    yield log_in
    with owner.begin() as connection:
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}"))
    owner.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP ROLE {name}"))


def test_all_of_it_works_with_rights_on_keys_and_sessions_alone(keys, role, engine, tmp_path):
    role("SELECT, INSERT, UPDATE ON api_keys", "SELECT, DELETE ON sessions")
    key = keys.create()
    with engine.begin() as connection:
        put_session(connection, key.id)
    keys.rotate("shop", "--overlap", "0")
    for file in (tmp_path / "key", tmp_path / "key"):
        done = keys.run("create", "operator", "--scope", "operate", "--file", str(file))
        assert done.exit_code == 0, done.output
    assert keys.run("revoke", "shop").exit_code == 0
    assert [one["name"] for one in keys.list()] == ["operator"]


def test_a_role_that_may_not_is_named(keys, role):
    role("SELECT ON api_keys")
    assert "permission denied for table api_keys" in keys.refuse("create", "shop", "--scope=read")
    assert "may not administer keys" in keys.refuse("revoke", "shop")
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
