"""Many calculations at once: lists of them, page by page, and cancelling by a condition."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias, TypedDict
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from reckoner.client.documents.calculation import (
    Calculation,
    Cancelled,
    Counted,
    calculation_from,
)
from reckoner.client.operations.service import Named, Service, json_call
from reckoner.client.transport.steps import Call, Steps, emit
from reckoner.client.values.json_text import write_json

_IDS_AT_ONCE = 10_000

Query: TypeAlias = Mapping[str, str]


class Conditions(TypedDict, total=False):
    """What many have in common; a moment needs a time zone, and None is no condition."""

    status: str | None
    function: str | None
    lane: str | None
    created_after: datetime | str | None
    created_before: datetime | str | None


class ListConditions(Conditions, total=False):
    """What a list can be limited to: also an id, or its first 8 or more characters."""

    id: UUID | str | None


class CancelConditions(Conditions, total=False):
    """What a cancel can be limited to: also the name of the key that first submitted."""

    submitted_by: str | None


def list_calculations(
    service: Service, conditions: Mapping[str, str], page_size: int
) -> Steps[None]:
    """Emit calculations, newest first, a request for each page."""
    query: Query | None = {**conditions, "limit": str(page_size)}
    while query is not None:
        found, query = yield from list_page(service, query)
        for calculation in found:
            yield from emit(calculation)


def list_page(
    service: Service, query: Query, *, seconds: float | None = None
) -> Steps[tuple[Sequence[Calculation], Query | None]]:
    """Return a page, and the query of the next."""
    answer = yield from service.ask(Call("GET", "/calculations", query), seconds=seconds)
    found: Sequence[Calculation]
    found, following = service.read(answer.document, lambda document: _page(document, query))
    return found, following


def count(service: Service, conditions: Mapping[str, str]) -> Steps[Counted]:
    """Return how many there are."""
    answer = yield from service.ask(Call("GET", "/calculations/count", conditions))
    counted: Counted = service.read(answer.document, _counted)
    return counted


def cancel_many(
    service: Service, ids: Iterable[Named] | None, conditions: Mapping[str, str]
) -> Steps[Cancelled]:
    """Cancel what is not finished, in steps; return how many there were."""
    cancelled = cancelling = 0
    for body in _bodies(ids, conditions):
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            text = write_json({**body, **more})
            answer = yield from service.ask(json_call("/calculations/cancel", text))
            step, cursor = service.read(answer.document, _cancelled)
            cancelled, cancelling = cancelled + step.cancelled, cancelling + step.cancelling
            if cursor is None:
                break
    return Cancelled(cancelled, cancelling)


def written(conditions: ListConditions | CancelConditions) -> dict[str, str]:
    """Return the conditions that are given, as text.

    Raises ValueError for a time without a zone.
    """
    texts = {}
    for name, value in conditions.items():
        if isinstance(value, datetime):
            if value.utcoffset() is None:
                raise ValueError(f"{name} needs a time zone, such as datetime.UTC.")
            texts[name] = value.isoformat()
        elif value is not None:
            texts[name] = str(value)
    return texts


def _bodies(ids: Iterable[Named] | None, conditions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if (ids is None) == (not conditions):
        raise ValueError("Give either ids or at least one condition.")
    if ids is None:
        yield dict(conditions)
        return
    remaining = iter(ids)
    while page := list(islice(remaining, _IDS_AT_ONCE)):
        yield {"ids": [str(one.id if isinstance(one, Calculation) else one) for one in page]}


def _page(document: Mapping[str, Any], query: Query) -> tuple[list[Calculation], Query | None]:
    """Return a page and the query of the next. Raises ValueError if that is the same again."""
    found = [calculation_from(one) for one in document["calculations"]]
    if document["next"] is None:
        return found, None
    # Only the query counts: wherever the answer points to, no request goes to another address.
    following = dict(parse_qsl(urlsplit(document["next"]).query, keep_blank_values=True))
    if following == query:
        raise ValueError("The list has no end.")
    return found, following


def _counted(document: Mapping[str, Any]) -> Counted:
    return Counted(int(document["count"]), bool(document["is_exact"]))


def _cancelled(document: Mapping[str, Any]) -> tuple[Cancelled, str | None]:
    following = document["next"]
    step = Cancelled(int(document["cancelled"]), int(document["cancelling"]))
    return step, None if following is None else str(following)
