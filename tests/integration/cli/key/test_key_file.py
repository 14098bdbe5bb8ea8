"""`reckoner key create --file`: the key of a file, which is made once, whatever is interrupted."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from reckoner.cli.key import key_file
from reckoner.cli.key.key_file import key_in
from shared.keys.credential import Credential, new_credential, parse_key
from tests.integration.cli.key.command import keys

__all__ = ["keys"]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "operator"


@pytest.fixture
def create(keys, file):
    """Makes the file's key, and returns what was said; the secret is in the file alone."""

    def create(status=0):
        done = keys.run("create", "operator", "--scope", "operate", "--file", str(file))
        assert (done.exit_code, done.stdout) == (status, ""), done.output
        if status == 0:
            assert key_of(file).secret not in done.stderr
        return done.stderr

    return create


def key_of(file: Path) -> Credential:
    credential = parse_key(file.read_text().strip())
    assert credential is not None
    return credential


def test_the_first_call_makes_the_key_and_later_ones_change_nothing(keys, create, file):
    assert "Created operator" in create()
    [listed] = keys.list()
    assert (listed["id"], listed["scopes"]) == (key_of(file).id, ["operate"])
    content = file.read_bytes()
    assert "was made before" in create()
    assert (keys.list(), file.read_bytes()) == ([listed], content)


def test_only_its_owner_may_read_it_and_nothing_is_left_beside_it(create, file):
    previous = os.umask(0)
    try:
        create()
    finally:
        os.umask(previous)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_crash_between_the_file_and_the_row_is_harmless(keys, create, file):
    key_in(file)
    create()
    assert [one["id"] for one in keys.list()] == [key_of(file).id]


def test_a_crash_before_the_file_is_complete_leaves_none(file, monkeypatch):
    def no_power(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", no_power)
    with pytest.raises(KeyboardInterrupt):
        key_in(file)
    assert not file.exists()


def test_of_two_that_find_no_file_both_have_the_same_key(file, monkeypatch):
    def comes_second():
        if not file.exists():
            file.write_text(f"{other.text}\n")
        return new_credential()

    other = new_credential()
    monkeypatch.setattr(key_file, "new_credential", comes_second)
    assert key_in(file) == other
    assert key_of(file) == other


def test_a_key_is_made_of_its_file_in_a_new_database(keys, create, file, engine):
    create()
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE api_keys CASCADE"))
    create()
    assert [one["id"] for one in keys.list()] == [key_of(file).id]


def test_a_revoked_key_stays_revoked(keys, create):
    create()
    keys.run("revoke", "operator")
    assert "is revoked (id" in create()
    assert keys.list() == []


def test_a_key_that_was_rotated_is_said_to_be_of_no_use(keys, create):
    create()
    keys.rotate("operator", "--overlap", "0")
    assert "not valid any more, as it was rotated" in create()


def test_a_name_that_another_key_has_is_an_error_and_no_file_is_made(keys, create, file):
    keys.create("operator")
    assert "There is already a key named operator" in create(status=1)
    assert not file.exists()
    key_in(file)
    assert "There is already a key named operator" in create(status=1)


def test_a_file_that_cannot_be_used_is_an_error_and_left_as_it_is(create, file):
    for content in (b"", b"rk_0_0", b"\xff" * 5_000, f"{new_credential().text}\nmore".encode()):
        file.write_bytes(content)
        assert "holds no key" in create(status=1)
        assert file.read_bytes() == content
    file.unlink()
    file.mkdir()
    assert "cannot be read or written: Is a directory" in create(status=1)
    file.rmdir()
    file.symlink_to(file.parent / "missing" / "operator")
    assert "cannot be read or written" in create(status=1)
