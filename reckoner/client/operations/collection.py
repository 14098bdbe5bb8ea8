"""The final calculations of a page of a batch, in order, and many of them in one request.

All that a page has added was created at one moment, so a list of what was created then is the page,
1,000 calculations a request. Whatever is not in a list, because it existed before, has failed or is
not finished, is awaited by itself. A list may bring little, if calculations take long: so each is
paid for by twice as many that were awaited by themselves before.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from reckoner.client.documents.calculation import Calculation, Submitted, is_final
from reckoner.client.operations.many import Query, list_page
from reckoner.client.operations.service import Service, path_of, prefer_wait
from reckoner.client.operations.waiting import Deadline, follow
from reckoner.client.transport.steps import Call, Steps, emit

#: For fewer a list is not worth it.
_MIN_LISTED = 20

#: Documents have times to the millisecond.
_MOMENT = timedelta(milliseconds=1)


def collect(service: Service, page: Sequence[Submitted], deadline: Deadline) -> Steps[None]:
    """Emit the final calculation of each item of a page. Raises WaitTimeout."""
    known: dict[UUID, Calculation] = {}
    awaited, cost = 0, 0
    for index, one in enumerate(page):
        found = known.get(one.id)
        if found is None:
            found = yield from _await(service, one, deadline)
            awaited += 1
            is_new = not is_final(one.status)
            if is_new and awaited >= 2 * cost and len(page) - index > _MIN_LISTED:
                known, cost = yield from _list_created_with(service, found, deadline)
                awaited = 0
        yield from emit(found)


def _await(service: Service, one: Submitted, deadline: Deadline) -> Steps[Calculation]:
    seconds = 0 if is_final(one.status) else deadline.wait_seconds(None)
    call = Call("GET", path_of(one.id), headers=prefer_wait(seconds), read_seconds=seconds)
    first = service.calculation((yield from service.ask(call, seconds=deadline.left)))
    return (yield from follow(service, first, None, deadline))


def _list_created_with(
    service: Service, one: Calculation, deadline: Deadline
) -> Steps[tuple[dict[UUID, Calculation], int]]:
    """Return what has succeeded of the calculations of that moment, and the number of requests."""
    known: dict[UUID, Calculation] = {}
    if one.created_at is None:
        return known, 1
    query: Query | None = {
        "status": "succeeded",
        "created_after": one.created_at.isoformat(),
        "created_before": (one.created_at + _MOMENT).isoformat(),
        "limit": "1000",
    }
    requests = 0
    while query is not None:
        found, query = yield from list_page(service, query, seconds=deadline.left)
        known.update((calculation.id, calculation) for calculation in found)
        requests += 1
    return known, requests
