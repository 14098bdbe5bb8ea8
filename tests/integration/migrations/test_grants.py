"""PostgreSQL's roles: each may do what its processes need, and nothing more."""

from collections.abc import Callable, Iterator

import psycopg2.errors
import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from compose.services.credentials import APP, KEYS
from compose.services.postgres import Postgres
from migrations.schema import downgrade, upgrade
from shared.store.tables.all_tables import metadata
from tests.conftest import new_database

Ask = Callable[..., object]

_KEY = (
    "INSERT INTO api_keys (id, name, secret_sha256, scopes) "
    "VALUES ('0123456789ab', 'shop', sha256('secret'), ARRAY['read'])"
)
_SESSION = (
    "INSERT INTO sessions (token_sha256, key_id, expires_at) "
    "VALUES (sha256('token'), '0123456789ab', now() + interval '1 hour')"
)
_MY_ROLE = "FROM pg_roles WHERE rolname = current_user"


def _asking(postgres: Postgres, database: str, user: str) -> Iterator[Ask]:
    engine: Engine = create_engine(postgres.url_of(database, user), isolation_level="AUTOCOMMIT")

    def ask(statement: str) -> object:
        with engine.connect() as connection:
            done = connection.execute(text(statement))
            return done.scalar() if done.returns_rows else done.rowcount

    yield ask
    engine.dispose()


@pytest.fixture(scope="module")
def database(postgres, admin, template_database) -> Iterator[str]:
    """A database for all tests here, closed as compose/postgres/roles.sql closes the service's."""
    with new_database(postgres, admin, template_database) as url:
        name = str(make_url(url).database)
        with admin.connect() as connection:
            connection.execute(text(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"))
            connection.execute(text(f"GRANT CONNECT ON DATABASE {name} TO {APP}, {KEYS}"))
        yield name


@pytest.fixture(scope="module")
def owner(postgres, database) -> Iterator[Ask]:
    yield from _asking(postgres, database, "reckoner")


@pytest.fixture(autouse=True)
def no_keys(owner) -> Iterator[None]:
    yield
    owner("DELETE FROM api_keys")


@pytest.fixture(scope="module")
def app(postgres, database) -> Iterator[Ask]:
    """What gateways, relays and workers may do."""
    yield from _asking(postgres, database, APP)


@pytest.fixture(scope="module")
def keys(postgres, database) -> Iterator[Ask]:
    """What `reckoner key` may do."""
    yield from _asking(postgres, database, KEYS)


def _refused(ask: Ask, statement: str) -> None:
    with pytest.raises(ProgrammingError) as caught:
        ask(statement)
    assert isinstance(caught.value.orig, psycopg2.errors.InsufficientPrivilege)


ROWS = sorted(
    {table.name for table in metadata.tables.values()}
    - {"api_keys", "sessions", "schema_compatibility", "retention", "history_totals"}
)


@pytest.mark.parametrize("table", ROWS)
def test_the_service_changes_the_rows_of_its_tables(app, table):
    column = next(c.name for c in metadata.tables[table].columns)
    app(f"UPDATE {table} SET {column} = {column}")
    app(f"DELETE FROM {table}")
    app(f"INSERT INTO {table} SELECT * FROM {table}")


def test_the_one_row_of_retention_stays(app):
    assert app("UPDATE retention SET ran_at = now()") == 1
    _refused(app, "DELETE FROM retention")
    _refused(app, "INSERT INTO retention DEFAULT VALUES")


def test_the_one_row_of_what_was_counted_stays(app):
    assert app("UPDATE history_totals SET read_at = now()") == 1
    _refused(app, "DELETE FROM history_totals")
    _refused(app, "INSERT INTO history_totals DEFAULT VALUES")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id integer)",
        "CREATE TEMPORARY TABLE more (id integer)",
        "CREATE SCHEMA more",
        "CREATE FUNCTION more() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE INDEX ON calculations (created_at)",
        "CREATE ROLE more",
        "DROP TABLE calculations",
        "ALTER TABLE calculations ADD COLUMN more integer",
        "ALTER TABLE calculations DISABLE TRIGGER ALL",
        "TRUNCATE lost_attempts",
        "UPDATE schema_compatibility SET oldest_revision = '0001'",
        "UPDATE alembic_version SET version_num = '0001'",
        "SET ROLE reckoner",
        _KEY,
        "DELETE FROM api_keys",
        "UPDATE api_keys SET scopes = ARRAY['operate']",
        "UPDATE api_keys SET secret_sha256 = sha256('mine')",
        "UPDATE api_keys SET expires_at = NULL, revoked_at = NULL",
        "UPDATE sessions SET key_id = 'another'",
        "COPY calculations TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_the_service_cannot(app, statement):
    _refused(app, statement)


def test_the_service_reads_keys_notes_their_use_and_keeps_sessions(app, keys):
    keys(_KEY)
    assert app("SELECT secret_sha256 = sha256('secret') FROM api_keys") is True
    assert app("UPDATE api_keys SET last_used_on = current_date") == 1
    app(_SESSION)
    assert app("SELECT count(*) FROM sessions") == 1
    assert app("DELETE FROM sessions") == 1


def test_keys_are_made_changed_and_revoked_by_their_own_role(keys, app):
    keys(_KEY)
    app(_SESSION)
    assert keys("UPDATE api_keys SET revoked_at = now()") == 1
    assert keys("DELETE FROM sessions WHERE key_id = '0123456789ab'") == 1
    _refused(keys, "DELETE FROM api_keys")
    _refused(keys, _SESSION)


@pytest.mark.parametrize("table", ROWS)
def test_the_role_of_keys_sees_no_calculations(keys, table):
    _refused(keys, f"SELECT FROM {table}")


@pytest.mark.parametrize("user", [APP, KEYS])
def test_the_roles_of_the_service_are_closed_in_its_database(postgres, user):
    for ask in _asking(postgres, "reckoner", user):
        _refused(ask, "CREATE TABLE more (id integer)")
        _refused(ask, "CREATE TEMPORARY TABLE more (id integer)")
        assert ask("SHOW search_path") == "public, pg_temp"
        assert ask(f"SELECT rolsuper OR rolcreatedb OR rolcreaterole {_MY_ROLE}") is False


def test_what_somebody_gave_the_roles_meanwhile_is_taken_at_the_next_start(postgres, admin):
    with admin.connect() as connection:
        connection.execute(text(f"ALTER ROLE {APP} SUPERUSER PASSWORD 'another'"))
    postgres.make_roles()
    for ask in _asking(postgres, "reckoner", APP):
        assert ask(f"SELECT rolsuper {_MY_ROLE}") is False


def test_rights_that_somebody_granted_are_revoked_by_the_next_upgrade(
    postgres, owner, app, database
):
    owner(f"GRANT ALL ON api_keys TO {APP}")
    assert app("DELETE FROM api_keys") == 0
    upgrade(make_url(postgres.url_of(database)))
    _refused(app, "DELETE FROM api_keys")


def test_grants_come_back_after_a_downgrade(postgres, app, database):
    url = make_url(postgres.url_of(database))
    downgrade(url, "0004")
    assert app("SELECT count(*) FROM calculations") == 0
    upgrade(url)
    assert app("SELECT count(*) FROM sessions") == 0


def test_one_role_for_everything_needs_no_other(empty_database_url, monkeypatch):
    """As with a PostgreSQL of one's own, whose administrator made one role."""
    monkeypatch.setattr("migrations.grants.GRANTS", {"reckoner_nobody": {"api_keys": "SELECT"}})
    upgrade(make_url(empty_database_url))
