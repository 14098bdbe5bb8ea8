"""Submitting one calculation, looking at it, and cancelling it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from reckoner.client.documents.calculation import (
    Calculation,
    Estimated,
    estimate_from,
)
from reckoner.client.errors import ProblemResponse
from reckoner.client.operations.service import Named, Service, json_call, path_of, written_item
from reckoner.client.operations.waiting import Deadline, OnProgress, follow, succeeded
from reckoner.client.transport.steps import Call, Steps


def submit(
    service: Service,
    function: str,
    arguments: Mapping[str, Any],
    *,
    wait_seconds: int = 0,
    seconds: float | None = None,
) -> Steps[Calculation]:
    """Submit a calculation and return it; `wait_seconds` is how long the request may be held."""
    call = json_call("/calculations", written_item(function, arguments), wait_seconds=wait_seconds)
    return service.calculation((yield from service.ask(call, seconds=seconds)))


def run(
    service: Service,
    function: str,
    arguments: Mapping[str, Any],
    on_progress: OnProgress | None,
    timeout: float | None,
) -> Steps[Calculation]:
    """Submit a calculation and return it once it has succeeded. Raises as `wait` does."""
    deadline = Deadline(timeout)
    first = yield from submit(
        service,
        function,
        arguments,
        wait_seconds=deadline.wait_seconds(on_progress),
        seconds=deadline.left,
    )
    return succeeded((yield from follow(service, first, on_progress, deadline)))


def get(service: Service, calculation: Named) -> Steps[Calculation]:
    """Return a calculation as it is now."""
    return service.calculation((yield from service.ask(Call("GET", path_of(calculation)))))


def cancel(service: Service, calculation: Named) -> Steps[Calculation]:
    """Cancel a calculation, and return it. One that is cancelled already is returned too.

    An answer may get lost, and then the second attempt finds that the first was carried out.
    """
    try:
        return service.calculation((yield from service.ask(Call("DELETE", path_of(calculation)))))
    except ProblemResponse as error:
        if error.problem.name != "already-final":
            raise
        found = yield from get(service, calculation)
        if found.status != "cancelled":
            raise
        return found


def estimate(service: Service, function: str, arguments: Mapping[str, Any]) -> Steps[Estimated]:
    """Return what a submission would become. Nothing is stored."""
    answer = yield from service.ask(json_call("/estimates", written_item(function, arguments)))
    found: Estimated = service.read(answer.document, _estimated)
    return found


def _estimated(document: Mapping[str, Any]) -> Estimated:
    estimated = document["estimate"]
    return Estimated(
        UUID(document["id"]),
        document["lane"],
        None if estimated is None else estimate_from(estimated),
        document.get("status"),
    )
