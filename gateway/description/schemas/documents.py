"""Schemas of calculations: the document, lists, and answers to batches and cancels."""

from gateway.description.schemas.builders import (
    COUNT,
    IDENTITY,
    MOMENT,
    SECONDS,
    SHA256,
    TEXT,
    Schema,
    described,
    list_of,
    or_null,
    record,
    reference,
)
from gateway.http.limits import (
    MAX_CANCEL_IDS,
    MAX_COUNTED,
    MAX_VALUE_BYTES,
    MAX_VALUE_DIGITS,
)
from shared.store.selection.cancellation import UNFINISHED

_KEY = or_null(reference("KeyName"))
_STATUS = reference("Status")
_LANE = reference("Lane")


def documents() -> dict[str, Schema]:
    """Return the schemas."""
    return {
        "Calculation": _calculation(),
        "Estimate": _estimate(),
        "Result": _result(),
        "Attempt": _attempt(),
        "Links": record({"self": TEXT, "result": TEXT, "events": TEXT}),
        "CalculationList": record(
            {
                "calculations": list_of(reference("Calculation")),
                "next": described(or_null(TEXT), "The URL of the next page; null on the last."),
            }
        ),
        "ListChanges": record(
            {
                "calculations": described(
                    list_of(reference("Calculation")), "Those that are new or have changed."
                ),
                "ids": described(list_of(IDENTITY), "All of the page, in their order."),
                "next": described(or_null(TEXT), "The URL of the next page; null on the last."),
            }
        ),
        "CalculationCount": record(
            {
                "count": described({**COUNT, "maximum": MAX_COUNTED}, "How many match."),
                "is_exact": described({"type": "boolean"}, "False: there are more than that."),
            }
        ),
        "BatchReceipt": record(
            {
                "calculations": list_of(
                    record({"id": IDENTITY, "status": _STATUS}), title="BatchReceiptItems"
                ),
                "accepted": described(COUNT, "How many of them are new work."),
                "existing": described(COUNT, "How many there were already."),
            },
            description="In the order of the request.",
        ),
        "Cancel": _cancel(),
        "CancelReceipt": record(
            {
                "cancelled": described(COUNT, "How many were queued, and are cancelled."),
                "cancelling": described(COUNT, "How many are running: their workers stop them."),
                "next": described(or_null(TEXT), "The cursor to go on with; null at the end."),
            }
        ),
    }


def _cancel() -> Schema:
    """Return the schema of the body that cancels many: by ids, or by at least one condition."""
    conditions: dict[str, Schema] = {
        "status": {"type": "string", "enum": [str(status) for status in UNFINISHED]},
        "function": reference("FunctionName"),
        "lane": _LANE,
        "created_after": described(MOMENT, "Created then or later."),
        "created_before": described(MOMENT, "Created before."),
        "submitted_by": described(reference("KeyName"), "The name of the key."),
    }
    cursor = reference("Cursor")
    return {
        "description": "Unfinished calculations, by ids or by conditions.",
        "oneOf": [
            record(
                {
                    "ids": list_of(IDENTITY, minItems=1, maxItems=MAX_CANCEL_IDS),
                    "cursor": cursor,
                },
                optional=("cursor",),
                closed=True,
                title="CancelIds",
            ),
            {
                **record(
                    {**conditions, "cursor": cursor},
                    optional=(*conditions, "cursor"),
                    closed=True,
                    title="CancelMatching",
                    minProperties=1,
                ),
                # A cursor alone is no condition. (With anyOf, generators of clients make no class.)
                "not": {"required": ["cursor"], "maxProperties": 1},
            },
        ],
    }


def _calculation() -> Schema:
    return record(
        {
            "id": described(IDENTITY, "A UUIDv5 of function, version and canonical arguments."),
            "function": reference("FunctionName"),
            "version": {"type": "integer", "minimum": 1},
            "arguments": described(
                {"type": "object"},
                "As they were validated, defaults filled in. Integers are exact, of any size.",
            ),
            "status": _STATUS,
            "lane": _LANE,
            "progress": {"type": "number", "minimum": 0, "maximum": 1},
            "attempts": described(COUNT, "How often a worker has started it."),
            "created_at": MOMENT,
            "published_at": described(
                or_null(MOMENT),
                "When its message was last given to RabbitMQ; null before that, and for one that "
                "was computed in its request.",
            ),
            "started_at": or_null(MOMENT),
            "finished_at": or_null(MOMENT),
            "compute_seconds": or_null(SECONDS),
            "peak_bytes": or_null(COUNT),
            "submitted_by": described(_KEY, "The name of the key that submitted it first."),
            "cancelled_by": described(_KEY, "The name of the key that cancelled it."),
            "estimate": or_null(reference("Estimate")),
            "result": or_null(reference("Result")),
            "error": or_null(reference("Failure")),
            "history": list_of(reference("Attempt")),
            "links": reference("Links"),
        },
        description="One function applied to one set of arguments, and what has become of it.",
    )


def _estimate() -> Schema:
    return record(
        {
            "seconds": described(SECONDS, "On one core."),
            "bytes": described(or_null(COUNT), "Of memory."),
            "digits": described(or_null(COUNT), "Of the result; null if it has none."),
            "source": {
                "type": "string",
                "enum": ["function", "history"],
                "description": "The author's word, or learnt from finished calculations.",
            },
        },
    )


def _result() -> Schema:
    return record(
        {
            "media_type": TEXT,
            "length": described(COUNT, "In bytes."),
            "sha256": SHA256,
            "check": described(
                or_null(reference("Check")), "How it was verified before it was stored."
            ),
            "digits": described(COUNT, "The number of digits; only of decimal digits."),
            "value": {
                "description": "The whole result if it is short: JSON as JSON and text as a string "
                f"of at most {MAX_VALUE_BYTES} bytes, digits as a string of at most "
                f"{MAX_VALUE_DIGITS}; otherwise null. Integers in JSON are exact, of any size."
            },
            "head": or_null(TEXT),
            "tail": or_null(TEXT),
            "href": described(TEXT, "Where the bytes are."),
        },
        optional=("digits",),
    )


def _attempt() -> Schema:
    return record(
        {
            "attempt": {"type": "integer", "minimum": 1},
            "worker": or_null(TEXT),
            "began_at": or_null(MOMENT),
            "ended_at": or_null(MOMENT),
            "outcome": described(TEXT, "How it ended."),
        },
        description="A claim of a heavy worker that has ended.",
    )
