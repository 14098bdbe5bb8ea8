"""Types of the options, whose errors say how a value is written."""

from collections.abc import Callable
from typing import Any

import click


class Parsed(click.ParamType[Any]):
    """What `parse` makes of the text; the text of its ValueError is shown."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Any:
        """Parse the text."""
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, context)
