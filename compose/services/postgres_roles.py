"""The roles of a private PostgreSQL server, by the same script as in Docker Compose."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import QuotedString

from compose.services.errors import PreparationFailed

_SCRIPT = Path(__file__).resolve().parent.parent / "postgres" / "roles.sql"
_CONNECT_SECONDS = 10


def make_roles(address: Mapping[str, Any], passwords: Mapping[str, str]) -> None:
    """Make what is missing, and set the passwords by the names that the script has for them.

    `address` is the superuser's, as psycopg2 takes it. Raises `PreparationFailed`.
    """
    script = _SCRIPT.read_text()
    for name, password in passwords.items():
        script = script.replace(f":'{name}'", _quoted(password))
    try:
        connection = psycopg2.connect(**address, connect_timeout=_CONNECT_SECONDS)
        try:
            connection.autocommit = True  # the script has a transaction of its own
            with connection.cursor() as cursor:
                cursor.execute(script)
        finally:
            connection.close()
    except psycopg2.Error as error:
        # Not what the server quotes of the script, which holds the passwords.
        said = error.diag.message_primary or type(error).__name__
        raise PreparationFailed(
            f"PostgreSQL's roles could not be made: {said}.", "See its log lines above."
        ) from None


def _quoted(text: str) -> str:
    quoted = QuotedString(text)
    quoted.encoding = "utf_8"
    return quoted.getquoted().decode()
