"""The decorator that makes an ordinary typed Python function one of the service's."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, overload

from reckoner.authoring.arguments.binding import Arguments
from reckoner.authoring.arguments.examples import checked_examples
from reckoner.authoring.definition import FUNCTION_NAME, Function
from reckoner.authoring.docstrings import read_docstring
from reckoner.authoring.errors import FunctionInvalid
from reckoner.authoring.estimates import Estimate
from reckoner.authoring.limits import memory_bytes, timeout_seconds
from reckoner.authoring.results.checks import Residue, check_parameters
from reckoner.authoring.results.json_results import JsonResults
from reckoner.authoring.results.kinds import ResultKind, ResultType, read_result_type
from reckoner.authoring.signature import Signature, read_signature

#: The largest that the store holds, an integer of PostgreSQL.
_MAX_VERSION = 2**31 - 1

_Check = Residue | Callable[..., object] | Literal["recompute"] | None


@overload
def function(implementation: Callable[..., Any], /) -> Function: ...


@overload
def function(
    *,
    name: str | None = None,
    version: int = 1,
    lane: Literal["quick", "heavy"] | None = None,
    memory: int | str | None = None,
    timeout: float | None = None,
    fresh: bool = False,
    estimate: Callable[..., Estimate] | None = None,
    check: _Check = None,
    size_argument: str | None = None,
    examples: Sequence[Mapping[str, Any]] = (),
) -> Callable[[Callable[..., Any]], Function]: ...


def function(
    implementation: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    version: int = 1,
    lane: Literal["quick", "heavy"] | None = None,
    memory: int | str | None = None,
    timeout: float | None = None,
    fresh: bool = False,
    estimate: Callable[..., Estimate] | None = None,
    check: _Check = None,
    size_argument: str | None = None,
    examples: Sequence[Mapping[str, Any]] = (),
) -> Function | Callable[[Callable[..., Any]], Function]:
    """Make a function one of the service's (docs/reference/functions.md describes each option).

    `name` is the function's own unless given. Raise `version`, an integer from 1, when the results
    for some arguments change. `lane="quick"` is the author's word that it takes milliseconds and
    may run in a worker's own process. `memory` (bytes, or text such as "512MiB") and `timeout`
    (seconds) limit a heavy calculation. `fresh` is for packages that cannot bear a fork: a new
    interpreter for each calculation. `estimate` predicts the cost from the arguments. `check` is a
    Residue, a predicate of the result and the arguments, or "recompute". `examples` are arguments
    that the catalogue shows.

    Raises FunctionInvalid, whose text says what cannot be honoured and what to do.
    """

    def decorate(implementation: Callable[..., Any]) -> Function:
        own_name = _checked_name(implementation, name)
        try:
            signature = read_signature(implementation)
            docstring = read_docstring(implementation)
            arguments = Arguments(own_name, signature.parameters, docstring.arguments)
            result = _checked_result(signature, check)
            _check_options(version, lane, memory, timeout, fresh, check)
            _check_callables(arguments, estimate, check)
            return Function(
                name=own_name,
                version=version,
                summary=docstring.summary or own_name,
                description=docstring.description,
                implementation=implementation,
                arguments=arguments,
                result=result,
                progress_name=signature.progress_name,
                lane=lane,
                memory_bytes=memory_bytes(memory),
                timeout_seconds=timeout_seconds(timeout),
                is_fresh=fresh,
                size_argument=_size_argument(arguments, estimate, size_argument),
                examples=checked_examples(arguments, examples),
                estimator=estimate,
                check=check,
            )
        except FunctionInvalid as error:
            raise FunctionInvalid(f"The function {own_name} cannot be offered. {error}") from error

    return decorate if implementation is None else decorate(implementation)


def _checked_name(implementation: Callable[..., Any], name: str | None) -> str:
    if not inspect.isroutine(implementation):
        raise FunctionInvalid("Only a function that is written with `def` can be offered.")
    found = implementation.__name__ if name is None else name
    if found == "<lambda>":
        raise FunctionInvalid("A function without a name cannot be offered; write it with `def`.")
    if not re.fullmatch(FUNCTION_NAME, str(found)):
        raise FunctionInvalid(
            f"{found!r:.80} cannot be the name of a function; use at most 63 lower-case letters, "
            'digits and `_`, a letter first, or give one by `name="…"`.'
        )
    return found


def _checked_result(signature: Signature, check: _Check) -> ResultType:
    result = read_result_type(signature.returns)
    if result.kind is ResultKind.JSON:
        JsonResults(result.annotation)
    if isinstance(check, Residue) and result.kind is not ResultKind.DIGITS:
        raise FunctionInvalid("A Residue checks decimal digits; return Digits, or use a predicate.")
    if callable(check) and result.is_streamed:
        raise FunctionInvalid(
            "A predicate needs the whole result, and this one comes in pieces; return it whole, or "
            'use `check="recompute"`.'
        )
    return result


def _check_options(
    version: object, lane: object, memory: object, timeout: object, fresh: object, check: object
) -> None:
    if type(version) is not int or version < 1:
        raise FunctionInvalid(f"version must be an integer of at least 1; it is {version!r}.")
    if version > _MAX_VERSION:
        raise FunctionInvalid(f"version must be at most {_MAX_VERSION:,}.")
    if lane not in (None, "quick", "heavy"):
        raise FunctionInvalid(f'lane must be "quick" or "heavy", or left out; it is {lane!r}.')
    if type(fresh) is not bool:
        raise FunctionInvalid(f"fresh must be True or False; it is {fresh!r}.")
    if not (check is None or check == "recompute" or isinstance(check, Residue) or callable(check)):
        raise FunctionInvalid(
            f'check must be a Residue, a function or "recompute"; it is {check!r:.60}.'
        )
    if lane != "quick":
        return
    for option, value in (("memory", memory), ("timeout", timeout)):
        if value is not None:
            raise FunctionInvalid(
                f'{option} cannot be limited with lane="quick", which runs in a worker\'s own '
                "process; leave out one of the two."
            )
    if fresh:
        raise FunctionInvalid(
            'fresh=True needs a process, which lane="quick" has not; leave out one.'
        )
    if check == "recompute":
        raise FunctionInvalid(
            'check="recompute" needs two processes, which lane="quick" has not; leave out one.'
        )


def _check_callables(
    arguments: Arguments, estimate: Callable[..., Estimate] | None, check: _Check
) -> None:
    names = list(arguments.names)
    if estimate is not None:
        if not callable(estimate):
            raise FunctionInvalid("estimate must be a function that returns an Estimate.")
        check_parameters("estimate", estimate, names)
    if isinstance(check, Residue):
        if "modulus" in names:
            raise FunctionInvalid("With a Residue no argument can be named modulus; rename it.")
        check_parameters("The function of the Residue", check.function, [*names, "modulus"])
    elif callable(check):
        check_parameters("check", check, names, leading="result")


def _size_argument(
    arguments: Arguments, estimate: Callable[..., Estimate] | None, given: str | None
) -> str | None:
    """Return the argument whose powers of ten the catalogue lists: the only integer, by default."""
    if given is not None:
        if given not in arguments.names:
            raise FunctionInvalid(
                f"size_argument={given!r} is none of its arguments: {', '.join(arguments.names)}."
            )
        return given
    if estimate is None:
        return None
    properties = arguments.schema["properties"]
    integers = [one for one in properties if properties[one].get("type") == "integer"]
    return integers[0] if len(integers) == 1 else None
