"""An upgrade and the sessions in its way: what it waits for, what it reports, what it locks."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from migrations import retrying, session
from migrations.errors import LockNotAvailable
from migrations.report import Report
from migrations.retrying import run_migration
from migrations.schema import upgrade
from shared.store.tables.schema import SCHEMA_REVISION
from tests.eventually import eventually
from tests.integration.migrations.upgrading import held, revision_of, upgrading

_CHUNKS_LOCK = text("LOCK TABLE result_chunks IN ACCESS SHARE MODE")


@pytest.mark.parametrize(
    ("statement", "awaited"),
    [
        (_CHUNKS_LOCK, "AccessExclusiveLock on result_chunks"),
        (text(f"SELECT pg_advisory_xact_lock({session._LOCK})"), "another migration"),
    ],
)
@pytest.mark.slow
def test_an_upgrade_waits_for_a_lock_and_reports_its_holder(url, watcher, statement, awaited):
    upgrade(url, "0001")
    with held(url, statement, "nightly dump") as let_go, upgrading(url) as lines:
        try:
            # The third attempt has begun to wait: the first two left nothing behind that it met.
            eventually(lambda: sum("nightly dump" in line for line in lines) >= 3)
        finally:
            let_go()
    assert awaited in lines[0]
    assert f"pid {pid_of(lines[0])} (nightly dump, idle in transaction, since" in lines[0]
    assert statement.text in lines[0]
    assert revision_of(watcher) == SCHEMA_REVISION


def pid_of(line):
    return line.partition("pid ")[2].partition(" ")[0]


def test_two_concurrent_upgrades_both_succeed(url, watcher):
    with upgrading(url), upgrading(url):
        pass
    assert revision_of(watcher) == SCHEMA_REVISION


@pytest.mark.slow
def test_an_upgrade_that_waits_for_another_does_not_stop_its_index(url, watcher, monkeypatch):
    """The index waits for statements that began before it, as the one that waits for the lock."""
    upgrade(url)
    monkeypatch.setattr(session, "LOCK_SECONDS", 9.0)
    watcher.execute(text(f"SELECT pg_advisory_lock({session._LOCK})"))
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with upgrading(url):
        eventually(lambda: watcher.execute(waiting).scalar_one() == 1)
        time.sleep(1.5)  # PostgreSQL looks for a deadlock a second after a wait has begun
        watcher.execute(text("CREATE INDEX CONCURRENTLY new ON calculations (request_id)"))
        watcher.execute(text(f"SELECT pg_advisory_unlock({session._LOCK})"))


@pytest.mark.slow
def test_an_upgrade_that_gives_up_holds_no_lock_and_reports_why(url, watcher, monkeypatch):
    upgrade(url, "0001")
    monkeypatch.setattr(retrying, "GIVE_UP_SECONDS", 0)
    monkeypatch.setattr(session, "LOCK_SECONDS", 2.0)  # enough to find out who holds it
    lines: list[str] = []
    report = Report(lines.append)
    with held(url, _CHUNKS_LOCK, "nightly dump"):
        assert run_migration(lambda: upgrade(url, report=report), report) == 1
        left = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        eventually(lambda: watcher.execute(left).scalar_one() == 0)
    assert len(lines) == 3
    assert "Gave up" in lines[1]
    assert "nightly dump" in lines[1]
    assert not any("RECKONER_DATABASE_URL" in line for line in lines)


@pytest.mark.slow
def test_a_lock_that_is_not_free_in_time_is_an_error_of_its_own(url, monkeypatch):
    upgrade(url, "0001")
    monkeypatch.setattr(session, "LOCK_SECONDS", 2.0)
    with held(url, _CHUNKS_LOCK, "nightly dump"), pytest.raises(LockNotAvailable, match="nightly"):
        upgrade(url)


def test_a_validation_blocks_nobody(url, watcher, monkeypatch):
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


def test_an_upgrade_that_was_interrupted_before_its_validation_completes(url, watcher):
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


def test_each_migration_is_committed_separately(url, watcher):
    upgrade(url, "0001")
    watcher.execute(text("CREATE TABLE relays ()"))  # in the third step's way
    with pytest.raises(ProgrammingError, match="relays"):
        upgrade(url)
    assert revision_of(watcher) == "0002"
