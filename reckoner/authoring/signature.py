"""A function's signature: its arguments, its progress parameter and what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from reckoner.authoring.errors import FunctionInvalid
from reckoner.authoring.progress import Progress

#: The default of an argument that has none.
REQUIRED: Any = inspect.Parameter.empty


_PROGRESS = (Progress, Progress | None)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument as the author wrote it."""

    name: str
    annotation: Any
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Signature:
    """What an author's function takes and returns."""

    parameters: tuple[Parameter, ...]
    progress_name: str | None
    returns: Any


def read_signature(implementation: Callable[..., Any]) -> Signature:
    """Return the signature. Raises FunctionInvalid where it cannot be offered as JSON."""
    if inspect.iscoroutinefunction(implementation) or inspect.isasyncgenfunction(implementation):
        raise FunctionInvalid("It is async; write it as an ordinary function.")
    hints = _annotations(implementation)
    if "return" not in hints:
        raise FunctionInvalid(
            "It does not say what it returns; annotate it, for example `-> dict[str, float]`."
        )
    returns = hints.pop("return")
    parameters: list[Parameter] = []
    progress_name = None
    for given in inspect.signature(implementation).parameters.values():
        _check_kind(given)
        if hints.get(given.name) in _PROGRESS:
            if progress_name is not None:
                raise FunctionInvalid("It has two parameters for its progress; keep one.")
            progress_name = given.name
            continue
        if given.name not in hints:
            raise FunctionInvalid(
                f"The argument {given.name} has no annotation; give it a type such as "
                f"`{given.name}: int`."
            )
        parameters.append(Parameter(given.name, hints[given.name], given.default))
    return Signature(tuple(parameters), progress_name, returns)


def _annotations(implementation: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(implementation, include_extras=True)
    except Exception as error:  # an annotation may be any expression
        words = str(error).rstrip(".")
        raise FunctionInvalid(
            f"Its annotations cannot be read: {words}. Import or define the types that they name "
            "in the function's module, outside of `if TYPE_CHECKING`."
        ) from error


def _check_kind(parameter: inspect.Parameter) -> None:
    name = parameter.name
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            raise FunctionInvalid(f"It takes *{name}; name each argument, or take a list.")
        case inspect.Parameter.VAR_KEYWORD:
            raise FunctionInvalid(f"It takes **{name}; name each argument, or take a dict.")
        case inspect.Parameter.POSITIONAL_ONLY:
            raise FunctionInvalid(
                f"The argument {name} is positional-only, and arguments are given by name; remove "
                "the `/` from the signature."
            )
