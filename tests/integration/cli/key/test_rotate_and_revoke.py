"""`reckoner key rotate` and `revoke`: which secrets are valid, and until when."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.keys.credential import new_credential, parse_key
from shared.store.keys.access import find_access
from shared.store.keys.administration import rotate_key
from tests.eventually import eventually
from tests.integration.cli.key.command import keys
from tests.integration.rows import waits_for_a_lock
from tests.integration.store.keys.rows import put_session

__all__ = ["keys"]

_DAY = timedelta(days=1)


def is_accepted(engine, credential, later=timedelta()):
    """Say whether a gateway accepts this key, now or later."""
    with engine.begin() as connection:
        access = find_access().on(connection)
    key, now = access.keys[credential.id], access.now + later
    return (
        key.revoked_at is None
        and not key.is_expired(now)
        and key.has_secret(credential.sha256, now)
    )


def sessions(engine):
    with engine.begin() as connection:
        return find_access().on(connection).sessions


def expire(engine, credential, columns="expires_at"):
    with engine.begin() as connection:
        set_to_now = ", ".join(f"{column} = now()" for column in columns.split())
        connection.execute(
            text(f"UPDATE api_keys SET {set_to_now} WHERE id = :id"), {"id": credential.id}
        )


def test_the_former_secret_is_valid_during_the_overlap(keys, engine):
    former = keys.create()
    new = keys.rotate()
    assert new.id == former.id
    for credential, later, expected in [
        (new, timedelta(), True),
        (former, timedelta(), True),
        (former, 0.99 * _DAY, True),
        (former, 1.01 * _DAY, False),
        (new, 1.01 * _DAY, True),
    ]:
        assert is_accepted(engine, credential, later) is expected


def test_without_an_overlap_the_former_secret_and_its_sessions_end_at_once(keys, engine):
    former, other = keys.create(), keys.create("other")
    with engine.begin() as connection:
        put_session(connection, former.id)
        kept = put_session(connection, other.id)
    keys.rotate("shop", "--overlap", "1h")
    assert len(sessions(engine)) == 2
    new = keys.rotate("shop", "--overlap", "0")
    assert (is_accepted(engine, former), is_accepted(engine, new)) == (False, True)
    assert sessions(engine).keys() == {kept}


def test_a_second_rotation_does_not_end_a_secret_that_clients_still_use(keys, engine):
    former = keys.create()
    new = keys.rotate()
    assert "was rotated" in keys.refuse("rotate", "shop")
    assert is_accepted(engine, former)
    assert is_accepted(engine, new)
    expire(engine, former, "former_until")
    newer = keys.rotate()
    assert [is_accepted(engine, one) for one in (former, new, newer)] == [False, True, True]


def test_a_rotation_does_not_prolong_a_key_unless_it_is_told_to(keys, engine):
    former = keys.create("shop", "--expires", "2d")
    new = keys.rotate()
    assert not is_accepted(engine, new, 2.01 * _DAY)
    new = keys.rotate("shop", "--overlap", "0", "--expires", "3d")
    assert is_accepted(engine, new, 2.99 * _DAY)
    assert not is_accepted(engine, new, 3.01 * _DAY)
    new = keys.rotate("shop", "--overlap", "30d", "--expires", "never")
    assert is_accepted(engine, new, 999 * _DAY)
    assert not is_accepted(engine, former)


def test_an_expired_secret_does_not_come_back_to_life(keys, engine):
    former = keys.create("shop", "--expires", "1d")
    expire(engine, former)
    assert "--expires" in keys.refuse("rotate", "shop")
    new = keys.rotate("shop", "--expires", "90d")
    assert (is_accepted(engine, former), is_accepted(engine, new)) == (False, True)


def test_a_former_secret_lasts_no_longer_than_it_would_have(keys, engine):
    former = keys.create("shop", "--expires", "1h")
    keys.rotate("shop", "--overlap", "1d", "--expires", "90d")
    assert is_accepted(engine, former, timedelta(minutes=59))
    assert not is_accepted(engine, former, timedelta(minutes=61))


def test_a_revoked_key_is_refused_with_its_sessions_and_for_good(keys, engine):
    former, other = keys.create(), keys.create("other")
    new = keys.rotate()
    with engine.begin() as connection:
        put_session(connection, new.id)
        kept = put_session(connection, other.id)
    assert keys.run("revoke", new.id).stdout == ""
    assert not is_accepted(engine, former)
    assert not is_accepted(engine, new)
    assert sessions(engine).keys() == {kept}
    assert "is revoked" in keys.refuse("rotate", "shop")
    again = keys.run("revoke", "shop")
    assert (again.exit_code, "was revoked before" in again.stderr) == (0, True)


def test_an_unknown_name_is_an_error(keys):
    for command in ("rotate", "revoke"):
        assert "There is no key with the name or id 'shop'" in keys.refuse(command, "shop")


def test_a_name_means_the_key_that_is_valid_and_not_one_that_was_revoked(keys, engine):
    first = keys.create()
    keys.run("revoke", "shop")
    second = keys.create()
    assert keys.rotate().id == second.id
    assert "is revoked" in keys.refuse("rotate", first.id)


def test_what_names_two_keys_is_refused(keys, engine):
    first, second = keys.create("first"), keys.create("second")
    with engine.begin() as connection:  # no command gives a key such a name
        connection.execute(
            text("UPDATE api_keys SET name = :id WHERE name = 'second'"), {"id": first.id}
        )
    for command in ("revoke", "rotate"):
        assert "one key and the id of another" in keys.refuse(command, first.id)
    assert is_accepted(engine, first)
    assert is_accepted(engine, second)


@pytest.mark.slow
def test_who_rotates_a_key_while_it_is_revoked_gets_none(keys, engine):
    key = keys.create()
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_keys SET revoked_at = now()"))
        second = keys.start("rotate", "shop")
        eventually(lambda: waits_for_a_lock(engine) == 1)
    shown, errors = second.communicate(timeout=30)
    assert (second.returncode, shown, "is revoked" in errors) == (1, "", True), errors
    assert not is_accepted(engine, key)


@pytest.mark.slow
def test_a_key_that_is_revoked_while_it_is_rotated_has_no_valid_secret(keys, engine):
    former = keys.create()
    new = new_credential(former.id)
    with engine.begin() as connection:
        rotate_key(connection, new, overlap_seconds=60)
        second = keys.start("revoke", "shop")
        eventually(lambda: waits_for_a_lock(engine) == 1)
    second.communicate(timeout=30)
    assert second.returncode == 0
    assert not is_accepted(engine, former)
    assert not is_accepted(engine, new)


@pytest.mark.slow
def test_of_two_rotations_at_once_one_is_refused_and_both_secrets_stay_valid(keys, engine):
    former = keys.create()
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM api_keys FOR UPDATE"))
        both = [keys.start("rotate", "shop") for _ in range(2)]
        eventually(lambda: waits_for_a_lock(engine) == 2)
    shown = [one.communicate(timeout=30)[0].strip() for one in both]
    assert sorted(one.returncode for one in both) == [0, 1]
    [new] = filter(None, map(parse_key, shown))
    assert is_accepted(engine, former)
    assert is_accepted(engine, new)
