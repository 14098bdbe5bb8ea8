"""What `reckoner run` prints of a calculation that has ended."""

import sys
from typing import TYPE_CHECKING, Any

import click

from reckoner.canonical_json import canonical_json
from reckoner.cli.output.forms import Form, write_document
from reckoner.cli.output.printable import printable
from reckoner.cli.output.terminal import say
from reckoner.cli.waiting.waiting import exit_if_unsuccessful

if TYPE_CHECKING:
    from reckoner.client import Calculation, Client

#: A result of these media types can be read on a terminal.
_READABLE = ("text/", "application/json")


def is_readable(media_type: str) -> bool:
    """Say whether a terminal can show a result of this type."""
    return media_type.startswith(_READABLE)


def write_outcome(client: "Client", calculation: "Calculation", form: Form) -> None:
    """Print the value, or the document, of a final calculation. Raises CommandFailed."""
    if form is not Form.TEXT:
        write_document(calculation.document, form, str)
        exit_if_unsuccessful(calculation)
        return
    exit_if_unsuccessful(calculation)
    result = calculation.result
    assert result is not None
    if result.value is not None:
        _write_text(result.value)
    elif sys.stdout.isatty() and not is_readable(result.media_type):
        click.echo(
            f"The result is {result.length:,} bytes of {result.media_type}, which a terminal "
            f"cannot show. `reckoner result {calculation.id} -o FILE` writes it into a file.",
            err=True,
        )
    else:
        sys.stdout.flush()
        client.download(calculation.id, sys.stdout.buffer)
        if result.digits is not None or result.media_type == "application/json":
            sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()
        if sys.stdout.isatty():  # its id has left the screen
            say(
                f"{result.length:,} bytes. `reckoner result {calculation.id} -o FILE` writes them "
                "into a file."
            )


def _write_text(value: Any) -> None:
    text = value if isinstance(value, str) else canonical_json(value)
    if sys.stdout.isatty():
        text = printable(text)
    # In UTF-8 in every locale, as the result itself is.
    sys.stdout.buffer.write(text.encode() if text.endswith("\n") else f"{text}\n".encode())
    sys.stdout.buffer.flush()
