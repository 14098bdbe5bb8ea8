"""Alembic's own command: on the database of the settings, with our lock, retries and sentences."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import text

from migrations import session
from migrations.schema import upgrade
from shared.store.tables.schema import SCHEMA_REVISION
from tests.integration.migrations.upgrading import held, revision_of, stand_at

ROOT = Path(__file__).parents[3]
INI = Path("migrations/alembic.ini")

_ALEMBIC = Path(sys.executable).with_name("alembic")
_NEWER = f"{int(SCHEMA_REVISION) + 1:04}"
_OLDER = f"{int(SCHEMA_REVISION) - 1:04}"


class Alembic:
    """The command, for a database, as somebody types it in the project's folder or elsewhere."""

    def __init__(self, database_url: str, ini: Path = INI, folder: Path = ROOT) -> None:
        self.environment = os.environ | {
            "RECKONER_DATABASE_URL": database_url,
            "RECKONER_BROKER_URL": "amqp://127.0.0.1:1/%2F",
            "ALEMBIC_CONFIG": str(ini),
        }
        self.folder = folder

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [_ALEMBIC, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit status, what is printed, and what is printed as an error."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
        return process.returncode, output, errors


@pytest.fixture
def alembic(empty_database_url) -> Alembic:
    return Alembic(empty_database_url)


@pytest.mark.slow
def test_alembic_upgrades_downgrades_and_shows_the_revision(alembic, watcher):
    status, _, errors = alembic.run("-c", str(INI), "upgrade", "head")
    assert status == 0
    assert errors.splitlines()[-1] == f"The schema went from {_OLDER} to {SCHEMA_REVISION}."
    assert alembic.run("current")[:2] == (0, f"{SCHEMA_REVISION} (head)\n")
    assert alembic.run("downgrade", "-1")[0] == 0
    assert revision_of(watcher) == _OLDER


def test_the_history_needs_no_database():
    status, output, _ = Alembic("nonsense").run("history")
    assert status == 0
    revisions = [line.partition(" -> ")[2][:4] for line in output.splitlines()]
    assert revisions == [f"{number:04}" for number in range(int(SCHEMA_REVISION), 0, -1)]


@pytest.fixture
def copied(tmp_path) -> Path:
    """A copy of the migrations, in which a test may write a new one."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "migrations", tmp_path / "migrations", ignore=ignored))


@pytest.mark.slow
def test_a_migration_that_is_generated_from_the_models_is_numbered_and_empty(database_url, copied):
    alembic = Alembic(database_url, copied / "alembic.ini")
    assert alembic.run("check")[0] == 0
    assert alembic.run("revision", "--autogenerate", "-m", "Nothing at all")[0] == 0
    (new,) = (copied / "versions").glob(f"{_NEWER}_nothing_at_all.py")
    functions = {
        node.name: "; ".join(map(ast.unparse, node.body))
        for node in ast.parse(new.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert functions == {"upgrade": "pass", "downgrade": "pass"}


@pytest.mark.slow
def test_a_difference_between_schema_and_models_is_found(database_url, engine, copied):
    """So that the empty migration above is a claim."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE relays DROP COLUMN pid"))
    alembic = Alembic(database_url, copied / "alembic.ini")
    status, output, _ = alembic.run("check")
    assert status != 0
    assert "pid" in output


@pytest.mark.slow
def test_alembic_waits_for_another_migration_and_says_so(alembic, url, watcher):
    lock = text(f"SELECT pg_advisory_xact_lock({session._LOCK})")
    with held(url, lock, "another one") as let_go:
        process = alembic.start("upgrade", "head")
        try:
            assert process.stderr is not None
            assert "another migration to end" in process.stderr.readline()
        finally:
            let_go()
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert revision_of(watcher) == SCHEMA_REVISION


@pytest.mark.parametrize("command", [("upgrade", "head"), ("downgrade", "-1"), ("current",)])
@pytest.mark.slow
def test_a_newer_database_is_refused_in_one_line(alembic, url, watcher, command):
    upgrade(url)
    stand_at(watcher, _NEWER)
    status, _, errors = alembic.run(*command)
    assert status == 1
    assert errors == (
        f"The database is newer than this version ({_NEWER}, {SCHEMA_REVISION} known): "
        "run the newer version.\n"
    )


def test_invalid_settings_are_named_and_are_status_2():
    status, _, errors = Alembic("nonsense").run("upgrade", "head")
    assert status == 2
    assert "RECKONER_DATABASE_URL" in errors


def test_alembic_finds_the_migrations_by_a_link_from_any_folder(database_url, tmp_path):
    """As in the image, which has a link to the installed package."""
    link = tmp_path / "migrations"
    link.symlink_to(ROOT / "migrations")
    alembic = Alembic(database_url, link / "alembic.ini", folder=tmp_path)
    assert alembic.run("current")[:2] == (0, f"{SCHEMA_REVISION} (head)\n")


@pytest.mark.slow
def test_the_sql_that_alembic_prints_makes_the_schema(alembic, empty_database_url, watcher):
    status, statements, _ = alembic.run("upgrade", "head", "--sql")
    assert status == 0
    connection = psycopg2.connect(empty_database_url.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        # One by one, as psql does: some cannot be in a transaction with others.
        for statement in statements.split(";\n\n"):
            cursor.execute(statement or "SELECT")
    connection.close()
    assert revision_of(watcher) == SCHEMA_REVISION
    assert alembic.run("check")[0] == 0
