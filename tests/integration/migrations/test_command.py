"""`python -m migrations`: its exit status, and its lines on what is wrong."""

import sys

import pytest
from sqlalchemy import make_url, text

from migrations import __main__ as command
from migrations import retrying
from migrations.report import Report
from migrations.retrying import run_migration
from migrations.schema import upgrade
from shared.store.tables.schema import SCHEMA_REVISION
from tests.integration.migrations.upgrading import revision_of, stand_at

_NEWER = f"{int(SCHEMA_REVISION) + 1:04}"


def test_a_newer_database_that_works_with_this_version_is_left_alone(url, watcher, migrations):
    upgrade(url)
    stand_at(watcher, _NEWER, oldest=SCHEMA_REVISION)
    status, lines = migrations("upgrade")
    assert status == 0
    (line,) = lines
    assert line == (
        f"The database is newer than this version ({_NEWER}, {SCHEMA_REVISION} known) "
        "and works with it: nothing to do."
    )
    assert revision_of(watcher) == _NEWER


@pytest.mark.parametrize("oldest", [_NEWER, "", "nonsense"])
def test_a_newer_database_needs_the_newer_version(url, watcher, migrations, oldest):
    upgrade(url)
    stand_at(watcher, _NEWER, oldest=oldest)
    status, lines = migrations("upgrade")
    assert status == 1
    (line,) = lines
    assert line == (
        f"The database is newer than this version ({_NEWER}, {SCHEMA_REVISION} known): "
        "run the newer version."
    )


def test_a_newer_database_cannot_be_taken_back_by_this_version(url, watcher, migrations):
    upgrade(url)
    stand_at(watcher, _NEWER, oldest=SCHEMA_REVISION)
    status, lines = migrations("downgrade", "0001")
    assert status == 1
    assert len(lines) == 1
    assert "only the newer version can take it back" in lines[0]
    assert revision_of(watcher) == _NEWER


@pytest.mark.parametrize("revision", ["3f2a9c", "0003-patched", "９９９９"])
@pytest.mark.parametrize("arguments", [("upgrade",), ("downgrade", "0001")])
def test_an_unknown_revision_is_one_line(url, watcher, migrations, revision, arguments):
    upgrade(url)
    stand_at(watcher, revision)
    status, lines = migrations(*arguments)
    assert status == 1
    assert len(lines) == 1
    assert f"'{revision}', which is not Reckoner's" in lines[0]


def test_another_programs_alembic_database_is_one_line(watcher, migrations):
    watcher.execute(text("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"))
    watcher.execute(text("INSERT INTO alembic_version VALUES ('1975ea83b712')"))
    status, lines = migrations("upgrade")
    assert status == 1
    assert len(lines) == 1
    assert "'1975ea83b712', which is not Reckoner's" in lines[0]


def test_a_newer_database_without_a_table_that_this_version_knows_is_one_line(
    url, watcher, migrations
):
    upgrade(url)
    stand_at(watcher, _NEWER)
    watcher.execute(text("ALTER TABLE calculations RENAME TO computations"))
    status, lines = migrations("upgrade")
    assert status == 1
    assert len(lines) == 1
    assert "run the newer version" in lines[0]


@pytest.mark.parametrize("revision", ["9999", "head", "000", "", "-9"])
def test_a_downgrade_to_what_is_not_there_is_one_line(url, migrations, revision):
    upgrade(url)
    status, lines = migrations("downgrade", revision)
    assert status == 1
    assert len(lines) == 1


def test_a_downgrade_upwards_is_one_line(url, migrations):
    upgrade(url, "0001")
    status, lines = migrations("downgrade", "0002")
    assert status == 1
    assert lines == [
        "The database is at schema 0001, and 0002 is not older than that. Choose an older one."
    ]


def test_a_database_with_tables_of_another_program_is_two_lines(watcher, migrations):
    watcher.execute(text("CREATE TABLE calculations (id integer)"))
    status, lines = migrations("upgrade")
    assert status == 1
    assert len(lines) == 2
    assert 'relation "calculations" already exists' in lines[0]
    assert not any("RECKONER_DATABASE_URL" in line for line in lines)


def test_an_option_of_the_url_that_libpq_does_not_know_is_named(monkeypatch, capsys):
    url = "postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner?no_such_option=1"
    monkeypatch.setenv("RECKONER_DATABASE_URL", url)
    monkeypatch.setenv("RECKONER_BROKER_URL", "amqp://127.0.0.1:1/%2F")
    monkeypatch.setattr(sys, "argv", ["migrations", "upgrade"])
    with pytest.raises(SystemExit) as end:
        command.main()
    assert end.value.code == 2
    [_, line] = capsys.readouterr().err.splitlines()
    assert "RECKONER_DATABASE_URL has an option unknown to libpq" in line
    assert "no_such_option" in line


def test_a_server_that_cannot_be_reached_is_reported_with_what_to_check(monkeypatch):
    monkeypatch.setattr(retrying, "GIVE_UP_SECONDS", 0)
    nobody = make_url("postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner")
    lines: list[str] = []
    report = Report(lines.append)
    assert run_migration(lambda: upgrade(nobody, report=report), report) == 1
    (line,) = lines
    assert line.startswith("PostgreSQL cannot be reached: ")
    assert "Check RECKONER_DATABASE_URL" in line
    assert line.count("\n") == 1


def test_an_interrupted_upgrade_is_one_line():
    lines: list[str] = []

    def interrupted():
        raise KeyboardInterrupt

    assert run_migration(interrupted, Report(lines.append)) == 1
    assert len(lines) == 1
