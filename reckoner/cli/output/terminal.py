"""What the terminal is: whether there is one, how wide, and whether it shows colours."""

import os
import shutil
import sys
from typing import TextIO

import click

_COLOURS = {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def is_terminal(stream: TextIO) -> bool:
    """Say whether a person looks at the stream."""
    return stream.isatty()


def has_colours(stream: TextIO) -> bool:
    """Say whether the stream is a terminal that shows colours, and nobody has forbidden them.

    NO_COLOR (no-color.org) forbids them unless it is empty.
    """
    is_dumb = os.environ.get("TERM") in ("dumb", "unknown")
    return stream.isatty() and not os.environ.get("NO_COLOR") and not is_dumb


def columns() -> int:
    """Return how many characters a line of the terminal has; $COLUMNS wins."""
    return shutil.get_terminal_size().columns


def with_colour(status: str) -> str:
    """Return the name of a status, in its colour if standard output shows it."""
    if status not in _COLOURS or not has_colours(sys.stdout):
        return status
    return click.style(status, fg=_COLOURS[status])


def say(words: str) -> None:
    """Tell a person something, on standard error and only on a terminal."""
    if sys.stderr.isatty():
        click.echo(words, err=True)
