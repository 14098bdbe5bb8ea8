"""Examples of a function's arguments, which its author gives and the catalogue shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reckoner.authoring.arguments.binding import Arguments
from reckoner.authoring.errors import ArgumentsFaulty, FunctionInvalid

_MAX_EXAMPLES = 20


def checked_examples(
    arguments: Arguments, examples: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Return the examples as JSON has them. Raises FunctionInvalid for one that is not valid.

    They are no part of the schema, and so neither of the fingerprint nor of an id.
    """
    if not isinstance(examples, list | tuple) or len(examples) > _MAX_EXAMPLES:
        raise FunctionInvalid(
            f"examples must be a list of at most {_MAX_EXAMPLES} objects with arguments by name, "
            'such as `examples=[{"n": 100}]`.'
        )
    return tuple(_checked(arguments, one, number) for number, one in enumerate(examples, 1))


def _checked(arguments: Arguments, example: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    try:
        plain: Mapping[str, Any] = json.loads(json.dumps(example))
        arguments.bind(plain)
    except ArgumentsFaulty as error:
        (fault, *_) = error.faults
        raise FunctionInvalid(
            f"Its example {number} is not valid, at {fault.pointer or 'the whole'}: {fault.detail}"
        ) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise FunctionInvalid(
            f"Its example {number} is not JSON; write numbers, text, lists and objects."
        ) from error
    return plain
