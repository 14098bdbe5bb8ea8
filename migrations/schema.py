"""Alembic's commands for this schema, without an ini file: the database is passed in."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

_HERE = Path(__file__).parent


def upgrade(url: URL, revision: str = "head") -> None:
    """Bring the database up to a revision."""
    head_revision()
    command.upgrade(_config(url), revision)


def downgrade(url: URL, revision: str) -> None:
    """Take the database back to a revision; `base` leaves no table of ours."""
    command.downgrade(_config(url), revision)


def head_revision() -> str:
    """Return the newest revision that this code knows.

    Raises RuntimeError if there is none: without it, an incomplete installation would leave the
    database empty and call that success.
    """
    head = ScriptDirectory(str(_HERE)).get_current_head()
    if head is None:
        raise RuntimeError(f"No migrations in {_HERE / 'versions'}; install Reckoner anew.")
    return head


def _config(url: URL) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["url"] = url
    return config
