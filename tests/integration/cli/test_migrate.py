"""`reckoner migrate` and `reckoner check-settings`: what they do, say, and exit with."""

import os
import subprocess
import sys

import pytest
from sqlalchemy import create_engine, text

_RECKONER = "from reckoner.cli.__main__ import main; main()"

pytestmark = pytest.mark.slow


def reckoner(*arguments, **environment):
    """Run the command as an operator does."""
    return subprocess.run(
        [sys.executable, "-c", _RECKONER, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_upgrades_a_database_and_says_whether_that_is_needed(empty_database_url):
    settings = {"RECKONER_DATABASE_URL": empty_database_url}
    needed = reckoner("migrate", "--check", **settings)
    assert (needed.returncode, needed.stdout) == (1, "")
    assert "not migrated" in needed.stderr
    upgraded = reckoner("migrate", **settings)
    assert upgraded.returncode == 0
    assert "The schema is up to date" in upgraded.stdout
    assert "The schema went from nothing to 0001." in upgraded.stderr
    assert "{" not in upgraded.stderr
    done = reckoner("migrate", "--check", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "which this version works with" in done.stdout


def test_an_upgrade_that_is_refused_fails_with_the_reason(database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '1975ea83b712'"))
    engine.dispose()
    failed = reckoner("migrate", RECKONER_DATABASE_URL=database_url)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "not Reckoner's" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_check_of_a_database_that_is_away_is_status_5():
    url = "postgresql+psycopg2://reckoner@127.0.0.1:1/reckoner"
    away = reckoner("migrate", "--check", RECKONER_DATABASE_URL=url)
    assert away.returncode == 5
    assert "PostgreSQL is not available" in away.stderr


def test_settings_are_checked_without_any_connection():
    valid = reckoner("check-settings")
    assert (valid.returncode, valid.stdout) == (0, "The settings are valid.\n")
    wrong = reckoner("check-settings", RECKONER_HEAVY_SLOTS="many", RECKONER_NONSENSE="1")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "RECKONER_HEAVY_SLOTS" in wrong.stderr
    assert "RECKONER_NONSENSE" in wrong.stderr
