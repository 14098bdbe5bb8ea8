"""What tests of migrations share: upgrades in threads, and sessions in their way."""

import threading
from contextlib import contextmanager

from sqlalchemy import create_engine, text

from migrations.report import Report
from migrations.retrying import run_migration
from migrations.schema import upgrade


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
    lines: list[str] = []
    statuses: list[int] = []
    report = Report(lines.append)
    thread = threading.Thread(
        target=lambda: statuses.append(run_migration(lambda: upgrade(url, report=report), report))
    )
    thread.start()
    try:
        yield lines
    finally:
        thread.join(30)
    assert statuses == [0], lines


def revision_of(watcher):
    return watcher.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def stand_at(watcher, revision, *, oldest="0001"):
    watcher.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    watcher.execute(text("UPDATE schema_compatibility SET oldest_revision = :to"), {"to": oldest})
