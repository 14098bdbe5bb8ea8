"""The functions that can be calculated, and the ids of their calculations."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from reckoner.client.documents.function import Function, function_from
from reckoner.client.identity.calculation_id import calculation_id
from reckoner.client.operations.service import Service, in_path
from reckoner.client.transport.steps import Call, Steps


def functions(service: Service) -> Steps[tuple[Function, ...]]:
    """Return all functions, by name, and remember them."""
    answer = yield from service.ask(Call("GET", "/functions"))
    found: tuple[Function, ...] = service.read(answer.document, _functions)
    service.functions = {function.name: function for function in found}
    return found


def function(service: Service, name: str) -> Steps[Function]:
    """Return one function, and remember it."""
    answer = yield from service.ask(Call("GET", f"/functions/{in_path(name)}"))
    found: Function = service.read(answer.document, function_from)
    service.functions = {**service.functions, name: found}
    return found


def system(service: Service) -> Steps[Mapping[str, Any]]:
    """Return the state of the service, as GET /system has it."""
    answer = yield from service.ask(Call("GET", "/system"))
    found: Mapping[str, Any] = service.read(answer.document, dict)
    return found


def identify(
    service: Service,
    function_: Function | str,
    arguments: Mapping[str, Any],
    version: int | None,
) -> Steps[UUID]:
    """Return the id of a calculation; ask for the function if its schema is not known yet."""
    if isinstance(function_, Function):
        return calculation_id(function_.name, function_.version, arguments, function_.schema)
    if version is not None:
        return calculation_id(function_, version, arguments)
    known = service.functions.get(function_) or (yield from function(service, function_))
    return calculation_id(known.name, known.version, arguments, known.schema)


def _functions(document: Mapping[str, Any]) -> tuple[Function, ...]:
    return tuple(map(function_from, document["functions"]))
