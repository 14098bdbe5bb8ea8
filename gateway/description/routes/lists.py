"""Listing, counting and following calculations."""

from gateway.description.operations import Answer, Operation
from gateway.description.routes.calculations import links_of
from gateway.description.schemas.builders import record, reference
from gateway.http.limits import MAX_COUNTED, MAX_PAGE_CALCULATIONS
from gateway.routes.calculations import Calculations
from gateway.routes.count import Count
from gateway.routes.list_events import ListEvents

_TAG = "Calculations"

#: One of the events, each of which has a name.
_EVENT = {
    "oneOf": [
        record(
            {
                "event": {"type": "string", "const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": reference(schema),
                },
            },
            title=title,
        )
        for name, schema, title in (
            ("page", "CalculationList", "ListPageEvent"),
            ("changes", "ListChanges", "ListChangesEvent"),
        )
    ]
}


def operations() -> list[Operation]:
    """Return the operations."""
    return [
        Operation(
            "GET",
            "/calculations",
            Calculations,
            "listCalculations",
            _TAG,
            "List calculations",
            {
                200: Answer(
                    "A page. It may have fewer than `limit`; `next` leads on.",
                    reference("CalculationList"),
                    links=links_of("$response.body#/calculations/0/id"),
                )
            },
            f"Newest first, up to {MAX_PAGE_CALCULATIONS:,} on a page.",
            parameters=Calculations.parameters,
        ),
        Operation(
            "GET",
            "/calculations/count",
            Count,
            "countCalculations",
            _TAG,
            "Count calculations",
            {
                200: Answer(
                    "How many match, or that there are more.",
                    reference("CalculationCount"),
                    examples={"all": {"value": {"count": 42, "is_exact": True}}},
                )
            },
            f"It counts up to {MAX_COUNTED:,}: then `is_exact` is false.",
            parameters=Count.parameters,
        ),
        Operation(
            "GET",
            "/calculations/events",
            ListEvents,
            "watchCalculations",
            _TAG,
            "Follow a list of calculations",
            {
                200: Answer(
                    "Server-sent events, each as the schema says; comments in between.",
                    _EVENT,
                    media_types=("text/event-stream",),
                )
            },
            "First the page that `GET /calculations` responds with, as event `page`; then, at most "
            "once a second, what has changed of it, as event `changes`. The stream does not end by "
            "itself.",
            parameters=ListEvents.parameters,
            problems=("TooManyStreams",),
        ),
    ]
