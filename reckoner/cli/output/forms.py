"""The forms of output, `-o text|json|jsonl`, and writing in them."""

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import click

from reckoner.cli.output.json_output import json_line, json_lines

_Command = TypeVar("_Command", bound=Callable[..., None])


class Form(StrEnum):
    """How data are written: for people, as one JSON value, or as a JSON value on each line."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


def form_option(default: Form = Form.TEXT) -> Callable[[_Command], _Command]:
    """Add `-o`, as the argument `form`."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice([str(form) for form in Form]),
        default=str(default),
        show_default=True,
        callback=lambda _context, _parameter, value: Form(value),
        help="How to write it.",
    )


def write(text: str) -> None:
    """Write to standard output, and let whoever reads it see it at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_document(document: Mapping[str, Any], form: Form, text: Callable[[], str]) -> None:
    """Write one document; `text` returns what the form for people is."""
    if form is Form.TEXT:
        write(text())
    elif form is Form.JSON:
        write(f"{json_lines(document)}\n")
    else:
        write(f"{json_line(document)}\n")


class Series:
    """Many documents, written as they come: as an array, or each on a line of its own."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._separator = "[\n"

    def add(self, document: Mapping[str, Any]) -> None:
        """Write one more."""
        if self._form is Form.JSON:
            write(f"{self._separator}  {json_lines(document, margin='  ')}")
            self._separator = ",\n"
        else:
            write(f"{json_line(document)}\n")

    def end(self) -> None:
        """Write what makes it whole. An array that was cut off by an error stays without it."""
        if self._form is Form.JSON:
            write("[]\n" if self._separator == "[\n" else "\n]\n")
