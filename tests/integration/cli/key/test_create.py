"""`reckoner key create` and `list`: the key is shown once, and only its SHA-256 is kept."""

import subprocess
from datetime import datetime

import pytest
from sqlalchemy import text

from compose.services.postgres_data import programs_for
from shared.keys.credential import Credential
from tests.eventually import eventually
from tests.integration.cli.key.command import keys
from tests.integration.rows import waits_for_a_lock

__all__ = ["keys"]


def test_a_key_has_what_the_command_line_says(keys):
    key = keys.create(
        "shop",
        *("--scope", "submit,cancel", "--expires", "90d", "--max-seconds", "600"),
        *("--max-unfinished", "1000", "--max-queued-seconds", "7200"),
        *("--max-queued-bytes", "5GiB", "--rate", "600/m"),
    )
    [listed] = keys.list()
    assert (listed["id"], listed["name"], listed["state"]) == (key.id, "shop", "valid")
    assert listed["scopes"] == ["read", "submit", "cancel"]
    assert listed["limits"] == {
        "max_seconds": 600,
        "max_unfinished": 1000,
        "max_queued_seconds": 7200,
        "max_queued_bytes": 5 * 2**30,
        "rate_per_second": 10,
    }


def test_it_expires_by_postgresqls_clock_or_never(keys, connection):
    keys.create("shop", "--expires", "90d")
    keys.create("other")
    lives = "SELECT name, extract(epoch FROM expires_at - created_at)::integer FROM api_keys"
    seconds = {name: life for name, life, *_ in connection.execute(text(lives))}
    assert seconds == {"shop": 90 * 86_400, "other": None}


def test_times_are_shown_by_utc_whatever_the_databases_time_zone_is(keys, engine):
    with engine.begin() as connection:
        database = connection.engine.url.database
        connection.execute(text(f"ALTER DATABASE {database} SET timezone = 'Asia/Kathmandu'"))
    said = keys.run("create", "shop", "--scope", "read", "--expires", "12h").stderr
    [listed] = keys.list()
    expires_at = listed["expires_at"]
    assert expires_at.endswith("+00:00")
    expected = f"{datetime.fromisoformat(expires_at):%Y-%m-%d %H:%M} UTC"
    assert f"expires {expected}" in said
    assert expected in keys.run("list").stdout


def test_the_table_shows_all_of_it(keys):
    key = keys.create("shop", "--expires", "90d", "--max-seconds", "600", "--rate", "0.5/s")
    head, row = keys.run("list").stdout.splitlines()
    assert head.split()[:4] == ["NAME", "ID", "STATE", "SCOPES"]
    assert row.split()[:4] == ["shop", key.id, "valid", "read"]
    assert "  never  " in row
    assert row.endswith("600 s each, 0.5 requests/s")


@pytest.mark.slow
def test_a_secret_is_neither_listed_nor_anywhere_in_the_database(keys, postgres, database_url):
    former = keys.create()
    shown = keys.rotate()
    for listing in (("list",), ("list", "-o", "json")):
        _assert_absent(keys.run(*listing).output, former, shown)
    program = programs_for(postgres.folder) / "pg_dump"
    dump = subprocess.run(
        [program, database_url.replace("+psycopg2", "")], capture_output=True, text=True, check=True
    ).stdout
    assert former.sha256.hex() in dump
    assert shown.sha256.hex() in dump
    _assert_absent(dump, former, shown)
    _assert_absent((postgres.folder / "postgres.log").read_text(), former, shown)


def _assert_absent(where: str, *credentials: Credential) -> None:
    for credential in credentials:
        for form in (credential.secret, credential.secret.encode().hex()):
            assert form not in where


def test_a_name_is_taken_until_its_key_is_revoked(keys):
    key = keys.create()
    assert f"valid (id {key.id})" in keys.refuse("create", "shop", "--scope", "read")
    assert keys.run("revoke", "shop").exit_code == 0
    keys.create()
    assert [one["state"] for one in keys.list()] == ["valid"]
    assert [one["state"] for one in keys.list("--all")] == ["valid", "revoked"]


@pytest.mark.slow
def test_of_two_that_are_created_at_once_with_one_name_one_is_refused(keys, engine):
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO api_keys (id, name, secret_sha256, scopes)
            VALUES ('000000000000', 'shop', sha256(''), '{read}')""")
        )
        second = keys.start("create", "shop", "--scope", "read")
        eventually(lambda: waits_for_a_lock(engine) == 1)
    shown, errors = second.communicate(timeout=30)
    assert (second.returncode, shown) == (1, "")
    assert "There is already a key named shop" in errors


def test_a_wrong_value_is_named_and_nothing_is_stored(keys):
    for arguments, words in [
        (("two words", "--scope", "read"), "is not a name for a key"),
        (("0a1b2c3d4e5f", "--scope", "read"), "is not a name for a key"),
        (("shop",), "Missing option '--scope'"),
        (("shop", "--scope", "write"), "'write' is not a scope"),
        (("shop", "--scope", "read", "--expires", "0d"), "would have expired already"),
        (("shop", "--scope", "read", "--expires", "-90d"), "is not a duration"),
        (("shop", "--scope", "read", "--rate", "0/s"), "is not a rate"),
        (("shop", "--scope", "read", "--max-unfinished", "0"), "--max-unfinished"),
        (("shop", "--scope", "read", "--max-seconds", "nan"), "is not a number above zero"),
        (("shop", "--scope", "read", "--max-queued-bytes", "1gb"), "is no number of bytes"),
    ]:
        assert words in keys.refuse("create", *arguments, status=2)
    assert keys.list("--all") == []
