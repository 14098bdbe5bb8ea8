"""What gateways read of keys and sessions, and the note of last use."""

from datetime import timedelta

from sqlalchemy import text

from shared.keys.credential import digest
from shared.keys.scope import Scope
from shared.store.keys.access import find_access, note_use_of_keys
from shared.store.keys.sessions import delete_session, insert_session
from tests.integration.store.keys.app_role import app_engine
from tests.integration.store.keys.rows import put_key, put_session

__all__ = ["app_engine"]

_DAY = 86_400


def test_keys_and_sessions_are_read_together_with_postgresqls_clock(connection):
    assert find_access().on(connection).keys == {}
    key = put_key(connection, name="shop", scopes=["read", "submit"], expires_in=60)
    token = put_session(connection, key.id)
    access = find_access().on(connection)
    assert access.now == connection.execute(text("SELECT now()")).scalar_one()
    [found] = access.keys.values()
    assert (found.id, found.name, found.secret_sha256) == (key.id, "shop", key.sha256)
    assert found.scopes == {Scope.READ, Scope.SUBMIT}
    assert found.expires_at == access.now + timedelta(seconds=60)
    assert access.sessions[token].key_id == key.id
    assert (access.sessions[token].expires_at - access.now).total_seconds() == 60


def test_what_expired_or_was_revoked_is_there_to_be_explained_for_a_month(connection):
    explained = {
        put_key(connection).id,
        put_key(connection, expires_in=-29 * _DAY).id,
        put_key(connection, revoked_in=-29 * _DAY).id,
        put_key(connection, expires_in=_DAY, revoked_in=-1).id,
    }
    put_key(connection, expires_in=-31 * _DAY)
    put_key(connection, revoked_in=-31 * _DAY)
    put_key(connection, expires_in=_DAY, revoked_in=-31 * _DAY)
    assert find_access().on(connection).keys.keys() == explained


def test_an_expired_session_is_not_read(connection):
    key = put_key(connection)
    put_session(connection, key.id, expires_in=0)
    live = put_session(connection, key.id, expires_in=1)
    assert find_access().on(connection).sessions.keys() == {live}


def test_a_scope_of_a_newer_version_is_ignored(connection):
    connection.execute(text("ALTER TABLE api_keys DROP CONSTRAINT api_keys_scopes_check"))
    key = put_key(connection, scopes=["read", "prune"])
    assert find_access().on(connection).keys[key.id].scopes == {Scope.READ}


def test_last_use_is_written_once_a_day(engine):
    with engine.begin() as connection:
        key, unused = put_key(connection), put_key(connection)
        note_use_of_keys([key.id, "unknown"]).on(connection)
    versions = []
    for _ in range(2):
        with engine.begin() as connection:
            note_use_of_keys([key.id]).on(connection)
            known = find_access().on(connection)
            versions.append(connection.execute(text("SELECT xmin FROM api_keys")).scalars().all())
    assert versions[0] == versions[1]
    assert known.keys[key.id].last_used_on == known.now.date()
    assert known.keys[unused.id].last_used_on is None


def test_the_rights_of_a_gateway_are_enough(engine, app_engine):
    with engine.begin() as connection:
        key = put_key(connection)
    with app_engine.connect() as gateway:
        note_use_of_keys([key.id]).on(gateway)
        assert insert_session(digest("1"), key, seconds=60, max_sessions=1).on(gateway)
        assert insert_session(digest("2"), key, seconds=60, max_sessions=1).on(gateway)
        access = find_access().on(gateway)
        delete_session(digest("2")).on(gateway)
    assert access.keys[key.id].last_used_on == access.now.date()
    assert access.sessions.keys() == {digest("2")}


def test_it_can_be_noted_that_no_key_was_used(connection):
    note_use_of_keys([]).on(connection)
