"""`python -m migrations`: what it waits for, what it says, and what it holds meanwhile."""

import sys
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from migrations import __main__ as command
from migrations import retrying, session
from migrations.errors import LockNotAvailable
from migrations.report import Report
from migrations.schema import upgrade
from shared.store.models import SCHEMA_REVISION
from tests.eventually import eventually

_NEWER = f"{int(SCHEMA_REVISION) + 1:04}"
_CHUNKS_LOCK = text("LOCK TABLE result_chunks IN ACCESS SHARE MODE")


@pytest.fixture
def url(empty_database_url):
    return make_url(empty_database_url)


@pytest.fixture
def watcher(empty_database_url):
    """What looks at the database from outside, each statement by itself."""
    engine = create_engine(empty_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(autouse=True)
def short_times(monkeypatch):
    monkeypatch.setattr(session, "LOCK_SECONDS", 1.0)
    monkeypatch.setattr(retrying, "_PAUSE_SECONDS", 0.05)


@pytest.fixture
def migrations(monkeypatch, capsys, empty_database_url):
    """Run the command as it is typed; return its exit status and its lines."""

    def run(*arguments):
        monkeypatch.setenv("RECKONER_DATABASE_URL", empty_database_url)
        monkeypatch.setenv("RECKONER_BROKER_URL", "amqp://127.0.0.1:1/%2F")
        monkeypatch.setattr(sys, "argv", ["migrations", *arguments])
        capsys.readouterr()
        status = command.main()
        return status, capsys.readouterr().err.splitlines()

    return run


@contextmanager
def held(url, statement, name):
    """Have another session, of this name, hold what a statement takes; yield what lets it go."""
    engine = create_engine(url, connect_args={"application_name": name})
    with engine.connect() as connection:
        connection.execute(statement)
        yield connection.rollback
    engine.dispose()


@contextmanager
def upgrading(url):
    """Upgrade in a thread; yield what it says, and check that it ends well."""
    said: list[str] = []
    statuses: list[int] = []
    report = Report(said.append)
    thread = threading.Thread(
        target=lambda: statuses.append(command.run(lambda: upgrade(url, report=report), report))
    )
    thread.start()
    try:
        yield said
    finally:
        thread.join(30)
    assert statuses == [0], said


def revision_of(watcher):
    return watcher.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def stand_at(watcher, revision, *, oldest="0001"):
    watcher.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    watcher.execute(text("UPDATE schema_compatibility SET oldest_revision = :to"), {"to": oldest})


@pytest.mark.parametrize(
    ("statement", "awaited"),
    [
        (_CHUNKS_LOCK, "AccessExclusiveLock on result_chunks"),
        (text(f"SELECT pg_advisory_xact_lock({session._LOCK})"), "another migration"),
    ],
)
def test_an_upgrade_outlasts_who_holds_a_lock_and_says_who(url, watcher, statement, awaited):
    upgrade(url, "0001")
    with held(url, statement, "nightly dump") as let_go, upgrading(url) as said:
        try:
            # The third attempt has begun to wait: the first two left nothing behind that it met.
            eventually(lambda: sum("nightly dump" in line for line in said) >= 3)
        finally:
            let_go()
    assert awaited in said[0]
    assert f"pid {pid_of(said[0])} (nightly dump, idle in transaction, since" in said[0]
    assert statement.text in said[0]
    assert revision_of(watcher) == SCHEMA_REVISION


def pid_of(line):
    return line.partition("pid ")[2].partition(" ")[0]


def test_two_that_upgrade_at_once_both_end_well(url, watcher):
    with upgrading(url), upgrading(url):
        pass
    assert revision_of(watcher) == SCHEMA_REVISION


def test_an_upgrade_that_gave_up_holds_no_lock_and_says_why(url, watcher, monkeypatch):
    upgrade(url, "0001")
    monkeypatch.setattr(command, "GIVE_UP_SECONDS", 0)
    monkeypatch.setattr(retrying, "GIVE_UP_SECONDS", 0)
    said: list[str] = []
    report = Report(said.append)
    with held(url, _CHUNKS_LOCK, "nightly dump"):
        assert command.run(lambda: upgrade(url, report=report), report) == 1
        left = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        eventually(lambda: watcher.execute(left).scalar_one() == 0)
    assert len(said) == 3
    assert "Gave up" in said[1]
    assert "nightly dump" in said[1]
    assert not any("RECKONER_DATABASE_URL" in line for line in said)


def test_the_scan_of_what_is_stored_keeps_nobody_out(url, watcher, monkeypatch):
    """The new check is made to wait in the midst of its scan, by a function in its place."""
    upgrade(url, "0001")
    watcher.execute(
        text("""
        INSERT INTO calculations (id, function, version, arguments, status, lane,
                                  estimate_seconds, estimate_digits, estimate_bytes)
        VALUES ('00000000-0000-0000-0000-000000000001', 'f', 1, '{}', 'queued', 'quick', 1, 1, 1);
        INSERT INTO result_chunks VALUES ('00000000-0000-0000-0000-000000000001', 1, 0, '42');
        CREATE SCHEMA slow;
        CREATE FUNCTION slow.octet_length(text) RETURNS integer LANGUAGE plpgsql AS
        $$BEGIN
            PERFORM pg_advisory_xact_lock_shared(42);
            RETURN pg_catalog.octet_length($1);
        END$$;
        DO $$BEGIN
            EXECUTE 'ALTER DATABASE ' || current_database()
                    || ' SET search_path = slow, public, pg_catalog';
        END$$""")
    )
    scanning = text("SELECT pid FROM pg_locks WHERE objid = 42 AND NOT granted")
    modes = text("""
        SELECT mode FROM pg_locks
        WHERE pid = :pid AND relation = 'result_chunks'::regclass AND granted""")
    monkeypatch.setattr(session, "LOCK_SECONDS", 30.0)
    with (
        held(url, text("SELECT pg_advisory_xact_lock(42)"), "test") as let_go,
        upgrading(url),
    ):
        try:
            pid = eventually(lambda: watcher.execute(scanning).scalar_one_or_none())
            held_modes = set(watcher.execute(modes, {"pid": pid}).scalars())
        finally:
            let_go()
    assert held_modes == {"ShareUpdateExclusiveLock"}


def test_an_upgrade_that_was_cut_off_before_its_validation_goes_on(url, watcher):
    upgrade(url, "0001")
    watcher.execute(
        text(
            "ALTER TABLE result_chunks DROP CONSTRAINT result_chunks_digits_check, "
            "ADD CONSTRAINT result_chunks_digits_check "
            "CHECK (octet_length(digits) BETWEEN 1 AND 262144) NOT VALID"
        )
    )
    upgrade(url)
    unvalidated = text("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")
    assert watcher.execute(unvalidated).scalar_one() == 0


def test_each_step_is_kept_by_itself(url, watcher):
    upgrade(url, "0001")
    watcher.execute(text("CREATE TABLE relays ()"))  # in the third step's way
    with pytest.raises(ProgrammingError, match="relays"):
        upgrade(url)
    assert revision_of(watcher) == "0002"


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
def test_a_newer_database_asks_for_the_newer_version_in_one_line(url, watcher, migrations, oldest):
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
def test_a_revision_of_nobody_knows_whom_is_one_line(url, watcher, migrations, revision, arguments):
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


@pytest.mark.parametrize("revision", ["0007", "head", "000", "", "-9"])
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
        "The database is at schema 0001, and 0002 is not below that. Name an older one."
    ]


def test_a_database_with_another_programs_tables_is_two_lines(watcher, migrations):
    watcher.execute(text("CREATE TABLE calculations (id integer)"))
    status, lines = migrations("upgrade")
    assert status == 1
    assert len(lines) == 2
    assert 'relation "calculations" already exists' in lines[0]
    assert not any("RECKONER_DATABASE_URL" in line for line in lines)


def test_a_url_with_an_option_that_libpq_does_not_know_is_said(monkeypatch, capsys):
    url = "postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner?no_such_option=1"
    monkeypatch.setenv("RECKONER_DATABASE_URL", url)
    monkeypatch.setenv("RECKONER_BROKER_URL", "amqp://127.0.0.1:1/%2F")
    monkeypatch.setattr(sys, "argv", ["migrations", "upgrade"])
    assert command.main() == 2
    [_, told] = capsys.readouterr().err.splitlines()
    assert "RECKONER_DATABASE_URL has an option that libpq does not take" in told
    assert "no_such_option" in told


def test_a_server_that_cannot_be_reached_is_said_and_where_to_look(monkeypatch):
    monkeypatch.setattr(retrying, "GIVE_UP_SECONDS", 0)
    nobody = make_url("postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner")
    said: list[str] = []
    report = Report(said.append)
    assert command.run(lambda: upgrade(nobody, report=report), report) == 1
    (told,) = said
    assert told.startswith("PostgreSQL cannot be reached: ")
    assert "Check RECKONER_DATABASE_URL" in told
    assert told.count("\n") == 1


def test_whoever_interrupts_an_upgrade_sees_one_line():
    said: list[str] = []

    def interrupted():
        raise KeyboardInterrupt

    assert command.run(interrupted, Report(said.append)) == 1
    assert len(said) == 1


def test_a_lock_that_is_not_to_be_had_is_an_error_of_its_own(url):
    upgrade(url, "0001")
    with held(url, _CHUNKS_LOCK, "nightly dump"), pytest.raises(LockNotAvailable, match="nightly"):
        upgrade(url)
