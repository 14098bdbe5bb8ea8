"""The arguments of a command line, before their types are known."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from reckoner.cli.arguments.json_text import NotJson, parse_object
from reckoner.cli.exit_status import refuse

#: More than a request may have (64 KiB), so that what is too long is the service's to say.
_MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True)
class GivenArguments:
    """Members with values, of JSON objects, and texts of which a schema tells the types."""

    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def read_given(arguments: tuple[str, ...], file: str | None) -> GivenArguments:
    """Read `name=value`, `name=@file` and JSON objects, of a command line and of a file.

    Raises CommandFailed for what is neither, and for a name that comes twice.
    """
    given = GivenArguments()
    if file is not None:
        _add_object(given, _read(file, "--arguments-file"), f"The file {file}")
    for argument in arguments:
        if argument.lstrip().startswith("{"):
            _add_object(given, argument, "The argument")
            continue
        name, separator, text = argument.partition("=")
        if not separator or not name:
            refuse(
                f"{_shown(argument)} is not an argument. Write NAME=VALUE, such as n=1e6, or a "
                "JSON object."
            )
        _check_new(given, name)
        given.texts[name] = _text(name, text)
    return given


def _text(name: str, text: str) -> str:
    if text.startswith("@@"):
        text = text[1:]
    elif text.startswith("@"):
        text = _read(text[1:], name)
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse(
            f"The value of {name} is not text in the encoding of this terminal. Write it into a "
            f"file in UTF-8, and {name}=@FILE."
        )
    return text


def _add_object(given: GivenArguments, text: str, what: str) -> None:
    try:
        members = parse_object(text)
    except NotJson as error:
        refuse(f"{what} is not valid JSON: {error}. Correct it.")
    for name, value in members.items():
        _check_new(given, name)
        given.values[name] = value


def _check_new(given: GivenArguments, name: str) -> None:
    if name in given.values or name in given.texts:
        refuse(f"The argument {name} is given twice. Give it once.")


def _read(file: str, what: str) -> str:
    """Return the text of a file in UTF-8, `-` being standard input."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_MAX_FILE_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(_MAX_FILE_BYTES + 1)
        if len(data) > _MAX_FILE_BYTES:
            refuse(f"The file {file} of {what} is longer than arguments may be, which is 64 KiB.")
        return data.decode()
    except OSError as error:
        refuse(f"The file {file} of {what} cannot be read: {error.strerror}.")
    except UnicodeDecodeError:
        refuse(f"The file {file} of {what} is not text in UTF-8.")


def _shown(argument: str) -> str:
    return click.unstyle(repr(argument[:80]))
