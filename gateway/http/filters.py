"""Filters of calculations as a request gives them: in a query, or in the body of a cancel."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from reckoner.authoring.definition import FUNCTION_NAME
from reckoner.authoring.faults import Fault
from shared.calculation import Lane, Status
from shared.errors import ArgumentsInvalid
from shared.store.selection.filters import Filters, IdRange

_Name = TypeVar("_Name", bound=StrEnum)
_Value = TypeVar("_Value")

#: The parameters that read_filters knows.
FILTERS = ("status", "function", "lane", "created_after", "created_before")

#: The parameters that read_list_filters knows: those, and the first characters of ids.
LIST_FILTERS = (*FILTERS, "id")

_FUNCTION = re.compile(FUNCTION_NAME, re.ASCII)

#: RFC 3339, section 5.6. datetime.fromisoformat alone would accept other forms of ISO 8601.
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
#: An id (RFC 9562), or its first 8 or more characters.
ID_PATTERN = (
    "^[0-9A-Fa-f]{8}(-([0-9A-Fa-f]{0,3}|[0-9A-Fa-f]{4}(-([0-9A-Fa-f]{0,3}|[0-9A-Fa-f]{4}"
    "(-([0-9A-Fa-f]{0,3}|[0-9A-Fa-f]{4}(-[0-9A-Fa-f]{0,12})?))?))?))?$"
)

_ID = re.compile(ID_PATTERN, re.ASCII)

#: What is missing at the end of the first characters: the least that there may be, and the most.
_FIRST_ID = "00000000-0000-0000-0000-000000000000"
_LAST_ID = _FIRST_ID.replace("0", "f")
_EXPECTED_ID = "the id of a calculation, or its first 8 or more characters"

_EXPECTED_MOMENT = (
    "a time with an offset from UTC (RFC 3339), such as 2026-01-31T08:00:00Z; "
    "in a URL a plus sign is written %2B"
)


def read_filters(given: Mapping[str, str], statuses: Iterable[Status] = Status) -> Filters:
    """Return the filters, each of which may be missing; raise ArgumentsInvalid with all faults."""
    return _read(given, statuses, FILTERS)


def read_list_filters(given: Mapping[str, str]) -> Filters:
    """Return the filters of a list; raise ArgumentsInvalid with all faults."""
    return _read(given, Status, LIST_FILTERS)


def _read(given: Mapping[str, str], statuses: Iterable[Status], known: tuple[str, ...]) -> Filters:
    faults: list[Fault] = []

    def read(name: str, parse: Callable[[str], _Value], expected: str) -> _Value | None:
        try:
            return parse(given[name]) if name in given and name in known else None
        except ValueError:
            faults.append(Fault(f"/{name}", f"{name} must be {expected}."))
            return None

    filters = Filters(
        status=read("status", _one_of(statuses), f"one of: {', '.join(statuses)}"),
        function=read("function", parse_function, "the name of a function"),
        lane=read("lane", _one_of(Lane), f"one of: {', '.join(Lane)}"),
        created_after=read("created_after", parse_moment, _EXPECTED_MOMENT),
        created_before=read("created_before", parse_moment, _EXPECTED_MOMENT),
        ids=read("id", parse_ids, _EXPECTED_ID),
    )
    if faults:
        raise ArgumentsInvalid(faults)
    return filters


def parse_ids(text: str) -> IdRange:
    """Return the ids that begin so; raise ValueError if no id does, or far too many may."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return IdRange(UUID(text + _FIRST_ID[len(text) :]), UUID(text + _LAST_ID[len(text) :]))


def parse_function(text: str) -> str:
    """Return the name; raise ValueError if no function can have it."""
    if not _FUNCTION.fullmatch(text):
        raise ValueError(text)
    return text


def parse_moment(text: str) -> datetime:
    """Return the time of RFC 3339, to the microsecond; raise ValueError if it is not one."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text.upper())
    try:
        # PostgreSQL takes no offset of 16 hours or more.
        return moment.astimezone(UTC)
    except OverflowError:  # in the first or the last hours that Python knows
        return moment.replace(tzinfo=UTC)


def _one_of(names: Iterable[_Name]) -> Callable[[str], _Name]:
    known = {str(name): name for name in names}

    def parse(text: str) -> _Name:
        if text not in known:
            raise ValueError(text)
        return known[text]

    return parse
