"""Results as values of Python."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from reckoner.client.documents.calculation import Calculation
from reckoner.client.operations.downloads import fetch, finished
from reckoner.client.operations.service import Named, Service
from reckoner.client.operations.sinks import Sink
from reckoner.client.operations.submission import get, run
from reckoner.client.operations.waiting import OnProgress
from reckoner.client.transport.steps import Steps, work
from reckoner.client.values.decoding import decode, decode_value


def result(service: Service, calculation: Named) -> Steps[Any]:
    """Return the value of a calculation that has succeeded. Raises as `download` does."""
    return (yield from _value(service, (yield from get(service, calculation))))


def call(
    service: Service,
    function: str,
    arguments: Mapping[str, Any],
    on_progress: OnProgress | None,
    timeout: float | None,
) -> Steps[Any]:
    """Submit a calculation, and return its value. Raises as `run` and `download` do."""
    calculation = yield from run(service, function, arguments, on_progress, timeout)
    return (yield from _value(service, calculation))


def _value(service: Service, calculation: Calculation) -> Steps[Any]:
    known = finished(calculation)
    if known.value is not None:
        return decode_value(known)
    buffer = BytesIO()
    yield from fetch(service, calculation, known, Sink(buffer))
    return (yield from work(lambda: decode(known, buffer.getvalue())))
