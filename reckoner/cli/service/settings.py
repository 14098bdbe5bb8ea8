"""Which service a command uses, and with which key: of its options and of the environment.

The key is never an option: whoever may list processes reads their command lines.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click

from reckoner.cli.exit_status import refuse

DEFAULT_URL = "http://localhost:8080"

#: A key has about a hundred characters.
_MAX_KEY_BYTES = 4096

_Command = TypeVar("_Command", bound=Callable[..., None])


@dataclass(frozen=True)
class ServiceSettings:
    """The address of a service, and the key for it."""

    url: str
    key: str | None = field(repr=False)


def url_option(command: _Command) -> _Command:
    """Add `--url`, whose value `read_settings` takes."""
    return click.option(
        "--url",
        metavar="URL",
        help=f"The address of the service; $RECKONER_URL, or {DEFAULT_URL}, by default.",
    )(command)


def read_settings(url: str | None) -> ServiceSettings:
    """Return the settings of a command with this `--url`. Raises CommandFailed."""
    return ServiceSettings(url or os.environ.get("RECKONER_URL") or DEFAULT_URL, _read_key())


def _read_key() -> str | None:
    key, file = os.environ.get("RECKONER_KEY"), os.environ.get("RECKONER_KEY_FILE")
    if key and file:
        refuse("RECKONER_KEY and RECKONER_KEY_FILE are both set. Unset one of them.")
    if not file:
        return key.strip() if key else None
    try:
        with Path(file).open("rb") as opened:
            found = opened.read(_MAX_KEY_BYTES).decode("ascii").strip()
    except OSError as error:
        refuse(f"RECKONER_KEY_FILE: {file} cannot be read: {error.strerror}.")
    except UnicodeDecodeError:
        found = ""
    if not found:
        refuse(f"RECKONER_KEY_FILE: {file} holds no key. Write the key alone into it.")
    return found
