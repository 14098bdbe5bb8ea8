"""Sessions: how many a key may have, how long they last, and their end."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from shared.keys.credential import digest, new_credential
from shared.store.keys.access import find_access
from shared.store.keys.administration import rotate_key
from shared.store.keys.sessions import delete_expired_sessions, delete_session, insert_session
from tests.eventually import eventually
from tests.integration.rows import waits_for_a_lock
from tests.integration.store.keys.rows import put_key, put_session

_NEW = digest("new")


def _insert(connection, key, **more):
    values = {"seconds": 60, "max_sessions": 3, **more}
    return insert_session(_NEW, key, **values).on(connection)


def _stored(connection):
    return set(map(bytes, connection.execute(text("SELECT token_sha256 FROM sessions")).scalars()))


def test_a_session_lasts_for_its_time_by_postgresqls_clock(connection):
    key = put_key(connection)
    expires_at = _insert(connection, key)
    access = find_access().on(connection)
    assert (expires_at - access.now).total_seconds() == 60
    assert access.sessions[_NEW].expires_at == expires_at


def test_a_session_does_not_outlive_its_key(connection):
    key = put_key(connection, expires_in=10)
    expires_at = _insert(connection, key)
    assert (expires_at - find_access().on(connection).now).total_seconds() == 10


def test_a_key_that_is_not_valid_any_more_gets_no_session(connection):
    for key in (put_key(connection, revoked_in=0), put_key(connection, expires_in=0)):
        assert _insert(connection, key) is None
    assert _stored(connection) == set()


def _rotate(connection, key, overlap_seconds):
    new = new_credential(key.id)
    rotate_key(connection, new, overlap_seconds=overlap_seconds)
    return new


def test_a_former_secret_begins_no_session_that_outlasts_it(connection):
    former = put_key(connection)
    new = _rotate(connection, former, 20)
    expires_at = _insert(connection, former)
    now = find_access().on(connection).now
    assert (expires_at - now).total_seconds() == 20
    delete_session(_NEW).on(connection)
    assert (_insert(connection, new) - now).total_seconds() == 60


def test_a_secret_that_has_ended_begins_no_session_and_ends_none(connection):
    former = put_key(connection)
    _rotate(connection, former, 0)
    kept = {put_session(connection, former.id) for _ in range(3)}
    for key in (former, new_credential(former.id), new_credential()):
        assert _insert(connection, key) is None
    assert _stored(connection) == kept


def test_a_rotation_ends_the_sessions_that_would_outlast_the_former_secret(connection):
    key, other = put_key(connection), put_key(connection)
    kept = {
        put_session(connection, key.id, expires_in=19),
        put_session(connection, other.id, expires_in=60),
    }
    put_session(connection, key.id, expires_in=21)
    _rotate(connection, key, 20)
    assert _stored(connection) == kept


@pytest.mark.slow
def test_no_session_is_begun_by_a_secret_that_is_being_rotated_away(engine):
    with engine.begin() as connection:
        former = put_key(connection)
        put_session(connection, former.id)

    def begin():
        with engine.begin() as connection:
            return _insert(connection, former, max_sessions=1)

    with ThreadPoolExecutor(1) as thread:
        with engine.begin() as connection:
            _rotate(connection, former, 0)
            begun = thread.submit(begin)
            eventually(lambda: waits_for_a_lock(engine) == 1)
        assert begun.result() is None
    with engine.begin() as connection:
        assert _stored(connection) == set()


def test_of_more_sessions_than_a_key_may_have_the_oldest_go(connection):
    key, other = put_key(connection), put_key(connection)
    kept = {
        put_session(connection, other.id, age=9),
        put_session(connection, key.id, age=1),
        put_session(connection, key.id, age=2),
    }
    put_session(connection, key.id, age=3)
    put_session(connection, key.id, expires_in=-1)
    _insert(connection, key)
    assert _stored(connection) == {_NEW, *kept}


def test_a_session_is_deleted_alone(connection):
    key = put_key(connection)
    one, other = put_session(connection, key.id), put_session(connection, key.id)
    delete_session(one).on(connection)
    delete_session(one).on(connection)
    assert _stored(connection) == {other}


def test_only_expired_sessions_are_deleted_and_not_too_many_at_once(connection):
    key = put_key(connection)
    live = put_session(connection, key.id)
    for age in range(3):
        put_session(connection, key.id, expires_in=-age)
    assert delete_expired_sessions(connection, 2) == 2
    assert delete_expired_sessions(connection, 2) == 1
    assert _stored(connection) == {live}


def test_an_insertion_may_be_repeated(connection):
    key = put_key(connection)
    expires_at = _insert(connection, key)
    assert _insert(connection, key) == expires_at
    assert _stored(connection) == {_NEW}
