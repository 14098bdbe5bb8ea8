"""Batches of any size: pages of what one request may hold, submitted in turn."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import UUID

from reckoner.client.documents.calculation import Submitted
from reckoner.client.documents.problem import Problem
from reckoner.client.errors import InvalidRequest, LimitExceeded
from reckoner.client.operations.collection import collect
from reckoner.client.operations.service import Service, json_call, written_item
from reckoner.client.operations.waiting import Deadline
from reckoner.client.transport.steps import Steps, emit

#: A function and its arguments, or the members `function` and `arguments` of a request.
Item: TypeAlias = "tuple[str, Mapping[str, Any]] | Mapping[str, Any]"

MAX_PAGE_CALCULATIONS = 10_000
MAX_PAGE_BYTES = 4 * 1024 * 1024

_BEFORE, _AFTER = '{"calculations":[', "]}"
_INDEX = re.compile(r"^/calculations/(\d+)|(?<=\W)/calculations/(\d+)")


def batch(service: Service, items: Iterable[Item], timeout: float | None) -> Steps[None]:
    """Emit the final calculation of each item, in the order of the items.

    The next page is submitted before the last one is awaited, so that there is always work, unless
    there is no room for it before.
    """
    deadline = Deadline(timeout)
    awaited: Sequence[Submitted] = ()
    for page, first in _numbered_pages(items):
        following: Sequence[Submitted] | None = None
        try:
            following = yield from _submit_page(service, page, first)
        except LimitExceeded:
            if not awaited:
                raise
        yield from collect(service, awaited, deadline)
        if following is None:
            following = yield from _submit_page(service, page, first)
        awaited = following
    yield from collect(service, awaited, deadline)


def submit_many(service: Service, items: Iterable[Item]) -> Steps[None]:
    """Emit what each item has become, once its page is submitted."""
    for page, first in _numbered_pages(items):
        for one in (yield from _submit_page(service, page, first)):
            yield from emit(one)


def _numbered_pages(items: Iterable[Item]) -> Iterator[tuple[list[str], int]]:
    """Yield pages, each with the index of its first item."""
    first = 0
    for page in pages(items):
        yield page, first
        first += len(page)


def _submit_page(service: Service, page: Sequence[str], first: int) -> Steps[tuple[Submitted, ...]]:
    body = f"{_BEFORE}{','.join(page)}{_AFTER}"
    try:
        answer = yield from service.ask(json_call("/calculations/batch", body))
    except InvalidRequest as error:
        problem = counted_from(error.problem, first)
        raise InvalidRequest(problem, error.status, error.request_id) from error
    found: tuple[Submitted, ...] = service.read(
        answer.document, lambda document: _submitted(document, len(page))
    )
    return found


def pages(items: Iterable[Item]) -> Iterator[list[str]]:
    """Yield the JSON of items in pages, each as long as a request may be.

    An item that is too long for any request has a page of its own, which the service refuses.
    """
    page: list[str] = []
    length = len(_BEFORE) + len(_AFTER)
    for item in items:
        text = _written(item)
        is_full = len(page) == MAX_PAGE_CALCULATIONS or length + len(text) + 1 > MAX_PAGE_BYTES
        if page and is_full:
            yield page
            page, length = [], len(_BEFORE) + len(_AFTER)
        page.append(text)
        length += len(text) + 1  # in ASCII, as write_json gives it, with a comma
    if page:
        yield page


def _written(item: Item) -> str:
    if isinstance(item, Mapping):
        unknown = item.keys() - {"function", "arguments"}
        if unknown or "function" not in item:
            raise ValueError("An item has the members `function` and `arguments`, and no other.")
        return written_item(item["function"], item.get("arguments", {}))
    function, arguments = item
    return written_item(function, arguments)


def counted_from(problem: Problem, first: int) -> Problem:
    """Return the problem of a page with the indexes that its items have in the whole batch."""
    if first == 0:
        return problem

    def moved(found: re.Match[str]) -> str:
        return f"/calculations/{int(found[1] or found[2]) + first}"

    return replace(
        problem,
        detail=_INDEX.sub(moved, problem.detail),
        errors=tuple(
            replace(fault, pointer=_INDEX.sub(moved, fault.pointer)) for fault in problem.errors
        ),
    )


def _submitted(document: Mapping[str, Any], count: int) -> tuple[Submitted, ...]:
    """Return what has become of each item. Raises ValueError if these are more or fewer."""
    found = tuple(Submitted(UUID(one["id"]), one["status"]) for one in document["calculations"])
    if len(found) != count:
        raise ValueError("The items cannot be told apart.")
    return found
