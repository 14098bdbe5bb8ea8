"""Schemas of the functions that are installed."""

from gateway.description.schemas.builders import (
    COUNT,
    IDENTITY,
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
from reckoner.authoring.results.kinds import ResultKind


def catalogue() -> dict[str, Schema]:
    """Return the schemas."""
    return {
        "FunctionCatalogue": record(
            {
                "functions": list_of(reference("Function")),
                "problems": list_of(reference("FunctionProblem")),
            }
        ),
        "Function": _function(),
        "FunctionProblem": record(
            {
                "package": TEXT,
                "entry_point": TEXT,
                "detail": described(TEXT, "Why, in one sentence, and what to do, in another."),
            },
            description="Something that is installed and cannot be used.",
        ),
        "CostEstimate": record(
            {
                "id": described(IDENTITY, "That the calculation has, or would have."),
                "lane": reference("Lane"),
                "estimate": or_null(reference("Estimate")),
                "status": described(
                    or_null(reference("Status")), "Null if nobody has submitted it."
                ),
            },
            description="What a calculation would cost; nothing is stored.",
        ),
    }


def _function() -> Schema:
    return record(
        {
            "name": reference("FunctionName"),
            "version": {"type": "integer", "minimum": 1},
            "fingerprint": described(SHA256, "Of source, schema and defaults."),
            "package": described(
                or_null(record({"name": TEXT, "version": TEXT})),
                "The installed distribution that brings it; null if unknown.",
            ),
            "summary": TEXT,
            "description": TEXT,
            "arguments": described({"type": "object"}, "A JSON Schema (2020-12)."),
            "examples": described(
                list_of({"type": "object"}), "Arguments that its author gives, to start from."
            ),
            "bounds": described(
                {"type": "object", "additionalProperties": {"type": "object"}},
                "Of each argument. `accepted_maximum` is what this server's memory allows.",
            ),
            "result": record(
                {
                    "kind": {"type": "string", "enum": [str(one) for one in ResultKind]},
                    "media_type": TEXT,
                }
            ),
            "check": or_null(reference("Check")),
            "lane": or_null(reference("Lane")),
            "memory_limit_bytes": COUNT,
            "time_limit_seconds": SECONDS,
            "estimates": described(
                list_of({"type": "object"}), "For powers of ten of the only integer argument."
            ),
        }
    )
