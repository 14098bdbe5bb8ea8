"""A function's arguments: their JSON Schema, their validation and their canonical text."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.arguments.changed import changed_faults
from reckoner.authoring.arguments.integers import MAXIMA, MINIMA, bounded_integers
from reckoner.authoring.arguments.schema import arguments_schema, integers_schema
from reckoner.authoring.arguments.unstorable import MAX_DIGITS, TOO_LONG, unstorable_faults
from reckoner.authoring.errors import ArgumentsFaulty, FunctionInvalid
from reckoner.authoring.faults import MAX_FAULTS, Fault
from reckoner.authoring.signature import REQUIRED, Parameter
from reckoner.canonical_json import canonical_json

if TYPE_CHECKING:
    from reckoner.authoring.arguments.validation import Validator

__all__ = ["Arguments", "BoundArguments"]

# What an author's own validator must not do: the text would have another id each time.
_UNSTABLE = Fault(
    "",
    "The function's own validation changes these arguments each time that it is applied. Tell its "
    "author.",
)

_NO_JSON = Fault("", "The arguments are not JSON.")

#: Characters of the canonical text of arguments, with defaults and escapes: three times what fits
#: into the body of a single submission. It bounds rows, messages and documents.
MAX_CHARACTERS = 192 * 1024

_TOO_LONG = Fault(
    "",
    f"The arguments of a calculation may have up to {MAX_CHARACTERS:,} characters as JSON in "
    "ASCII. Shorten them.",
)

#: pydantic describes all errors or none, in one call that nothing interrupts: 10,000 take some
#: hundredths of a second.
_MAX_ERRORS = 10_000

#: Where faults are only counted, more than this are counted as pydantic does, which is much faster:
#: what is none of several choices counts once for each of them.
_MAX_EXACTLY_COUNTED = 30


_logger = logging.getLogger(__name__)

_MAX_WORDS = 300


class Arguments:
    """The arguments of one function. Builds its general validator when it is first needed."""

    def __init__(
        self,
        function_name: str,
        parameters: tuple[Parameter, ...],
        descriptions: Mapping[str, str] | None = None,
    ) -> None:
        """Read types and defaults. Raises FunctionInvalid for what cannot be honoured."""
        self._function_name = function_name
        self._parameters = parameters
        self.names = tuple(one.name for one in parameters)
        descriptions = descriptions or {}
        schema = integers_schema(parameters, descriptions)
        if schema is not None:
            _check_bounds(schema)
        self._integers = None if schema is None else bounded_integers(parameters, schema)
        if schema is None or any(one.default is not REQUIRED for one in parameters):
            self.prepare()  # which checks types and defaults
        if schema is None:
            schema = arguments_schema(self._validator.schema(), parameters, descriptions)
            _check_numbers(schema)
        self.schema: Mapping[str, Any] = schema

    @cached_property
    def _validator(self) -> Validator:
        from reckoner.authoring.arguments.validation import Validator

        return Validator(self._parameters)

    def prepare(self) -> None:
        """Build the validator, which takes some hundredths of a second."""
        _ = self._validator

    def bind(self, arguments: object) -> BoundArguments:
        """Return the normalised arguments. Raises ArgumentsFaulty."""
        if self._integers is not None:
            bound = self._integers.bind(arguments)
            if bound is not None:
                return bound
        return self._bind(arguments, MAX_FAULTS)

    def _bind(self, arguments: object, described: int) -> BoundArguments:
        """Bind arguments of any type; of faults this many are described, and all counted."""
        text = _encoded(arguments)
        if text is not None and _is_too_long(text, arguments):
            raise ArgumentsFaulty([_TOO_LONG], 1)  # before what would take long
        faults = _unstorable(arguments)
        if not faults:
            assert text is not None
            values = self._validate(text, arguments, described)
            normal = self._validator.as_json(values)
            faults = list(changed_faults(arguments, normal))
        if faults:
            raise ArgumentsFaulty(faults[:described], len(faults))
        canonical = canonical_json(normal)
        if len(canonical) > MAX_CHARACTERS:  # with its defaults
            raise ArgumentsFaulty([_TOO_LONG], 1)
        if canonical == text:
            return BoundArguments(values, canonical)
        # As a worker will read them: defaults within objects, the order of members, -0.
        values = self._validate(canonical, None, described)
        if canonical_json(self._validator.as_json(values)) != canonical:
            raise ArgumentsFaulty([_UNSTABLE], 1)
        return BoundArguments(values, canonical)

    def bind_text(self, text: str) -> BoundArguments:
        """Return the arguments of a text that `bind` has made. Raises ArgumentsFaulty."""
        if self._integers is not None:
            bound = self._integers.bind(_parsed(text), text)
            if bound is not None:
                return bound
        return BoundArguments(self._validate(text, None, MAX_FAULTS), text)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults there are, without their sentences, which take most time."""
        if self._integers is not None and not _unstorable(arguments):
            return self._integers.count_faults(arguments)
        try:
            self._bind(arguments, 0)
        except ArgumentsFaulty as error:
            return error.count
        return 0

    def _validate(self, text: str, arguments: object, described: int) -> dict[str, Any]:
        """Return the values of a text; `arguments` is what it was made of, if that is known."""
        from pydantic import ValidationError

        from reckoner.authoring.arguments.fault_sentences import describe, without_other_choices

        try:
            return self._validator.validate(text)
        except ValidationError as error:
            count = error.error_count()
            if count > (_MAX_ERRORS if described else _MAX_EXACTLY_COUNTED):
                detail = f"The arguments have more than {_MAX_ERRORS:,} faults, too many to list."
                raise ArgumentsFaulty([Fault("", detail)], count) from None
            errors = error.errors(include_url=False)
        except (Exception, SystemExit) as error:  # whatever an author's own validator raises
            _logger.exception("The validation of the function %s raised", self._function_name)
            words = f"{type(error).__name__}: {error}"[:_MAX_WORDS]
            detail = f"The function's own validation raised {words}. Tell its author."
            raise ArgumentsFaulty([Fault("", detail)], 1) from error
        if arguments is None:
            arguments = _parsed(text)
        found = without_other_choices(errors, arguments)
        faults = describe(found, arguments, self._function_name, self.names)
        raise ArgumentsFaulty(list(itertools.islice(faults, described)), len(found))


def _check_bounds(schema: Mapping[str, Any]) -> None:
    """Raise FunctionInvalid for a bound that no integer can reach, nor pydantic write."""
    for rules in schema["properties"].values():
        bounds = (rules[name] for name in MINIMA | MAXIMA if name in rules)
        if not all(-TOO_LONG < bound < TOO_LONG for bound in bounds):
            raise FunctionInvalid(
                f"A bound of its arguments has more than {MAX_DIGITS:,} digits, and no argument "
                "may have as many; leave it out."
            )


def _check_numbers(schema: Mapping[str, Any]) -> None:
    """Raise FunctionInvalid for a bound such as NaN, which clients could not read."""
    try:
        canonical_json(schema)
    except ValueError as error:
        raise FunctionInvalid(f"A bound of its arguments cannot be shown: {error}") from error


def _encoded(arguments: object) -> str | None:
    """Return the arguments as JSON; None for what cannot be stored either."""
    try:
        return _ENCODE(arguments)
    except (ValueError, RecursionError):
        return None


def _is_too_long(text: str, arguments: object) -> bool:
    try:
        # Python may spell fractions longer than the canonical text does.
        return len(text) > MAX_CHARACTERS < len(canonical_json(arguments))
    except ValueError:  # not a number, which is said elsewhere
        return False


def _unstorable(arguments: object) -> list[Fault]:
    try:
        return list(unstorable_faults(arguments))
    except RecursionError:
        return [Fault("", "The arguments are nested too deeply.")]


# Fractions stay as they came, since 10.0 is no integer. Made once: with options, json.dumps makes a
# new encoder for every call.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


# Half of what json.loads takes: a text that `bind` has made has no spaces around it.
_DECODE = json.JSONDecoder().raw_decode


def _parsed(text: str) -> object:
    try:
        value, end = _DECODE(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentsFaulty([_NO_JSON], 1) from error
    if end != len(text):
        raise ArgumentsFaulty([_NO_JSON], 1)
    return value
