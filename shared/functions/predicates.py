"""The check of a result by a predicate of its author's."""

from __future__ import annotations

from typing import Any

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.errors import CalculationFailed
from shared.errors import FunctionExited, ResultWrong
from shared.failures import text_of
from shared.functions.author_code import call_author

_REPORT = "Report this to the function's author."


def check_by_predicate(function: Function, bound: BoundArguments, result: Any) -> None:
    """Have the predicate judge what the function has returned, before anything of it is sent.

    Raises ResultWrong, which says what failed in the author's words.
    """
    predicate: Any = function.check
    try:
        verdict = call_author(lambda: predicate(result, **bound.values))
        is_right = verdict is None or bool(verdict)
    except (CalculationFailed, AssertionError, ValueError) as error:
        raise _wrong(text_of(error)) from error
    except (MemoryError, FunctionExited):
        raise
    except Exception as error:
        name = type(error).__name__
        raise ResultWrong(
            f"The check of the result raised {name}: {text_of(error)}. {_REPORT}"
        ) from error
    if not is_right:
        raise _wrong("")


def _wrong(words: str) -> ResultWrong:
    said = f": {words.rstrip('.')}" if words else ""
    return ResultWrong(f"The result did not pass its check{said}. {_REPORT}")
