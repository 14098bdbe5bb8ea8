"""Submitting, finding, following and cancelling calculations."""

from typing import Any

from gateway.description.examples import SUCCEEDED, UNFINISHED
from gateway.description.operations import Answer, Body, Operation
from gateway.description.schemas.builders import TEXT, record, reference
from gateway.http.limits import (
    MAX_BATCH_CALCULATIONS,
    MAX_CANCEL_IDS,
    MAX_CANCELLED,
    MAX_WAIT_SECONDS,
)
from gateway.routes.batch import Batch
from gateway.routes.calculate import Calculate
from gateway.routes.calculation import Calculation
from gateway.routes.calculations import Calculations
from gateway.routes.cancellation import Cancellation
from gateway.routes.estimates import Estimates
from gateway.routes.events import Events

_TAG = "Calculations"
_ADMISSION = (
    *("UnknownFunction", "MemoryLimit", "ExceedsQueueLimit", "KeyLimit", "QueueFull"),
    "KeySecondsExceeded",
)
_DOCUMENT = reference("Calculation")


def links_of(identity: str) -> dict[str, Any]:
    """Return links to what can be done with the calculation whose id is there in the response."""
    names = ("getCalculation", "getResult", "watchCalculation", "cancelCalculation")
    return {
        name: {"operationId": name, "parameters": {"calculation_id": identity}} for name in names
    }


#: Before OpenAPI 3.2 nothing says how events are described; this is one of them.
_EVENT = record(
    {
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": _DOCUMENT,
        },
        "id": {"type": "string", "const": "final"},
    },
    optional=("id",),
)

_OF_DOCUMENT = links_of("$response.body#/id")
_OF_FIRST = links_of("$response.body#/calculations/0/id")

_FINAL = Answer(
    "The document; the calculation is final.",
    _DOCUMENT,
    headers=("Content-Location",),
    may_have=("Preference-Applied",),
    examples=SUCCEEDED,
    links=_OF_DOCUMENT,
)
_NOT_FINAL = Answer(
    "The document; the calculation is queued or running.",
    _DOCUMENT,
    headers=("Location", "Retry-After"),
    may_have=("Preference-Applied",),
    examples=UNFINISHED,
    links=_OF_DOCUMENT,
)


def operations(examples: dict[str, Any], batch_example: dict[str, Any]) -> list[Operation]:
    """Return the operations; the examples are bodies that submit."""
    return [
        Operation(
            "POST",
            "/calculations",
            Calculations,
            "submitCalculation",
            _TAG,
            "Submit a calculation",
            {200: _FINAL, 202: _NOT_FINAL},
            "Equal calculations are one: it runs once, and everyone gets the result. One that "
            "failed, was cancelled or whose result was removed is queued again. `Prefer: wait=N` "
            f"holds the request for up to N seconds, at most {MAX_WAIT_SECONDS}.",
            parameters=("Prefer",),
            body=Body(reference("Submission"), examples),
            problems=_ADMISSION,
            has_effect=True,
        ),
        Operation(
            "POST",
            "/calculations/batch",
            Batch,
            "submitBatch",
            _TAG,
            "Submit many calculations",
            {
                202: Answer(
                    "All of them are stored.",
                    reference("BatchReceipt"),
                    examples={"one": {"value": _RECEIPT}},
                    links=_OF_FIRST,
                )
            },
            f"Up to {MAX_BATCH_CALCULATIONS:,}, in one transaction: if one is wrong, none is "
            "stored. They are always queued, never computed in the request.",
            body=Body(reference("Batch"), batch_example),
            problems=_ADMISSION,
            has_effect=True,
        ),
        Operation(
            "POST",
            "/estimates",
            Estimates,
            "estimateCalculation",
            _TAG,
            "Estimate what a calculation would cost",
            {
                200: Answer(
                    "The id, the lane and the estimate.",
                    reference("CostEstimate"),
                    examples={"fibonacci": {"value": _ESTIMATE}},
                )
            },
            "Stores nothing. The body is that of a submission, and so are the errors.",
            body=Body(reference("Submission"), examples),
            problems=("UnknownFunction", "MemoryLimit"),
            has_effect=True,
        ),
        Operation(
            "POST",
            "/calculations/cancel",
            Cancellation,
            "cancelCalculations",
            _TAG,
            "Cancel many calculations",
            {
                200: Answer(
                    "How many are cancelled, and how many their workers are going to cancel.",
                    reference("CancelReceipt"),
                    examples={"all": {"value": {"cancelled": 2, "cancelling": 1, "next": None}}},
                )
            },
            f"Either those of up to {MAX_CANCEL_IDS:,} ids, or those that match all conditions. "
            "What is final is left as it is, and unknown ids are ignored. One call cancels up to "
            f"{MAX_CANCELLED:,}; while `next` is not null, send the same body with it as `cursor`.",
            body=Body(
                reference("Cancel"),
                {
                    "queued": {"value": {"status": "queued", "function": "fibonacci"}},
                    "ids": {"value": {"ids": ["ffcfeb02-09f4-5c06-889e-7cd5cd61b456"]}},
                },
            ),
            has_effect=True,
        ),
        Operation(
            "GET",
            "/calculations/{calculation_id}",
            Calculation,
            "getCalculation",
            _TAG,
            "Get the document of a calculation",
            {
                200: Answer(
                    "The document.",
                    _DOCUMENT,
                    may_have=("Retry-After", "Preference-Applied"),
                    examples=SUCCEEDED | UNFINISHED,
                )
            },
            "`Prefer: wait=N` holds the request until the calculation is final, for up to N "
            f"seconds, at most {MAX_WAIT_SECONDS}.",
            parameters=("calculation_id", "Prefer"),
            problems=("CalculationNotFound", "MethodNotAllowed"),
        ),
        Operation(
            "DELETE",
            "/calculations/{calculation_id}",
            Calculation,
            "cancelCalculation",
            _TAG,
            "Cancel a calculation",
            {
                200: Answer("It was queued, and is cancelled.", _DOCUMENT),
                202: Answer(
                    "It is running: its worker stops it.", _DOCUMENT, headers=("Retry-After",)
                ),
            },
            "The document stays, and says that the calculation was cancelled. It belongs to "
            "everyone who submitted it, so a cancel is for all of them.",
            parameters=("calculation_id",),
            problems=("CalculationNotFound", "AlreadyFinal", "MethodNotAllowed"),
            has_effect=True,
        ),
        Operation(
            "GET",
            "/calculations/{calculation_id}/events",
            Events,
            "watchCalculation",
            _TAG,
            "Follow a calculation",
            {
                200: Answer(
                    "Server-sent events, each as the schema says; comments in between.",
                    _EVENT,
                    media_types=("text/event-stream",),
                ),
                204: Answer("The client has seen the last event."),
            },
            "The document now, on every change of status, and about once a second while there is "
            "progress. The stream ends after the final document, whose event id is `final`.",
            parameters=("calculation_id", "Last-Event-ID"),
            problems=("CalculationNotFound", "TooManyStreams"),
        ),
        _calculate(),
    ]


def _calculate() -> Operation:
    plain = ("text/plain",)
    return Operation(
        "GET",
        "/calculate/{n}",
        Calculate,
        "calculateFibonacci",
        _TAG,
        "A Fibonacci number in one line of text",
        {
            200: Answer(
                "The number.",
                TEXT,
                plain,
                headers=("Content-Location",),
                examples={"fibonacci": {"value": "fibonacci(10) = 55\n"}},
            ),
            202: Answer(
                "It is queued; where to look.", TEXT, plain, headers=("Location", "Retry-After")
            ),
        },
        "It submits, so a page of another origin may not cause it, and HEAD is not supported.",
        parameters=("n",),
        problems=(
            *_ADMISSION,
            *("NoResult", "ResultPruned", "ResultCorrupt", "RouteNotFound"),
        ),
        has_effect=True,
    )


_ESTIMATE = {
    "id": "ffcfeb02-09f4-5c06-889e-7cd5cd61b456",
    "lane": "quick",
    "estimate": {"seconds": 0.000001, "bytes": 30_000_000, "digits": 6, "source": "function"},
    "status": None,
}

_RECEIPT = {
    "calculations": [{"id": "ffcfeb02-09f4-5c06-889e-7cd5cd61b456", "status": "queued"}],
    "accepted": 1,
    "existing": 0,
}
