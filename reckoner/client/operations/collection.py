"""The final calculations of a page of a batch, in order, and many of them in one request.

All that a request for many has added was created at one moment, so a list of what was created then
holds most of it, 1,000 calculations a request, whether this batch has added it or an earlier one
that is repeated. Whatever is not in a list, because it came alone, has failed or is not finished,
is looked at by itself, several at once if they are finished. A list may bring little, so each is
paid for by twice as many requests for single calculations, and by ever more of them while lists
bring nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from uuid import UUID

from reckoner.client.documents.calculation import Calculation, Submitted, is_final
from reckoner.client.operations.many import Query, list_page
from reckoner.client.operations.service import Service, path_of, prefer_wait
from reckoner.client.operations.waiting import Deadline, follow
from reckoner.client.transport.steps import Call, Steps, emit, together

#: For fewer a list is not worth it.
_MIN_LISTED = 20

#: So many requests for single calculations are on their way at once, at most.
_AT_ONCE = 8

#: Documents have times to the millisecond.
_MOMENT = timedelta(milliseconds=1)


def collect(service: Service, page: Sequence[Submitted], deadline: Deadline) -> Steps[None]:
    """Emit the final calculation of each item of a page. Raises WaitTimeout."""
    known: dict[UUID, Calculation] = {}
    asked, price, at_once = 0, 0, 1
    for index, one in enumerate(page):
        if one.id not in known:
            unknown = (page[at] for at in range(index, len(page)) if page[at].id not in known)
            asked_now = list(islice(unknown, _AT_ONCE if is_final(one.status) else at_once))
            found = yield from _await_first(service, asked_now, deadline)
            known.update(found)
            # Looks that come too early become fewer, and more again where all is finished.
            at_once = min(_AT_ONCE, 2 * len(found)) if len(found) == len(asked_now) else 1
            asked += len(asked_now)
            if asked >= price and len(page) - index > _MIN_LISTED:
                wanted = {other.id for other in page[index:]} - known.keys()
                listed, requests = yield from _list_created_with(
                    service, found[one.id], wanted, deadline
                )
                known.update(listed)
                is_worth_it = len(listed) > 2 * requests
                asked, price = 0, 2 * (requests if is_worth_it else max(requests, price))
        yield from emit(known[one.id])


def _await_first(
    service: Service, items: Sequence[Submitted], deadline: Deadline
) -> Steps[dict[UUID, Calculation]]:
    """Return the first item once it is final, and of the others those that are final then."""
    first, *others = items
    if is_final(first.status):
        latest, *seen = yield from together([_look(service, one, 0, deadline) for one in items])
        found = yield from follow(service, latest, None, deadline)
    else:
        latest = yield from _look(service, first, deadline.wait_seconds(None), deadline)
        found = yield from follow(service, latest, None, deadline)
        seen = yield from together([_look(service, one, 0, deadline) for one in others])
    finished = {one.id: look for one, look in zip(others, seen, strict=True) if look.is_final}
    return {first.id: found, **finished}


def _look(service: Service, one: Submitted, seconds: int, deadline: Deadline) -> Steps[Calculation]:
    call = Call("GET", path_of(one.id), headers=prefer_wait(seconds), read_seconds=seconds)
    return service.calculation((yield from service.ask(call, seconds=deadline.left)))


def _list_created_with(
    service: Service, one: Calculation, wanted: set[UUID], deadline: Deadline
) -> Steps[tuple[dict[UUID, Calculation], int]]:
    """Return those of the wanted ones that were created at the same moment and have succeeded.

    Beside them, return the number of requests. A page that has none of them is the last: what else
    was created then belongs to others.
    """
    listed: dict[UUID, Calculation] = {}
    if one.created_at is None:
        return listed, 1
    query: Query | None = {
        "status": "succeeded",
        "created_after": one.created_at.isoformat(),
        "created_before": (one.created_at + _MOMENT).isoformat(),
        "limit": "1000",
    }
    requests = 0
    while query is not None and len(listed) < len(wanted):
        found, query = yield from list_page(service, query, seconds=deadline.left)
        requests += 1
        news = [calculation for calculation in found if calculation.id in wanted]
        if not news:
            break
        listed.update((calculation.id, calculation) for calculation in news)
    return listed, requests
