"""The words that all of the interface uses, and problems."""

from gateway.description.problems import PROBLEM_TYPES, ProblemType
from gateway.description.schemas.builders import TEXT, Schema, described, record
from gateway.http.cursors import CURSOR_PATTERN
from reckoner.authoring.definition import FUNCTION_NAME
from shared.calculation import Lane, Status
from shared.failures import FAILURE_REASONS, PROBLEM_PREFIX
from shared.keys.scope import Scope


def words() -> dict[str, Schema]:
    """Return the schemas of words: statuses, lanes, scopes, names."""
    return {
        "Status": {
            "type": "string",
            "enum": [str(one) for one in Status],
            "description": "queued → running → succeeded, failed or cancelled; the last three are "
            "final.",
        },
        "Lane": {
            "type": "string",
            "enum": [str(one) for one in Lane],
            "description": "Which queue, and which kind of worker computes it.",
        },
        "Scope": {
            "type": "string",
            "enum": [str(one) for one in Scope],
            "description": "What a key may do; none includes another.",
        },
        "FunctionName": {"type": "string", "pattern": f"^{FUNCTION_NAME}$"},
        "KeyName": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "Check": {
            "type": "string",
            "enum": ["residue", "check", "recomputed"],
            "description": "By a residue, by the author's check, or by computing it twice.",
        },
        "Cursor": {
            "type": "string",
            "pattern": CURSOR_PATTERN,
            "description": "A place in a list. Take it from `next`.",
        },
        "Fault": record(
            {
                "pointer": described(
                    TEXT, "A JSON pointer into the body, or `/` and the name of a parameter."
                ),
                "detail": TEXT,
            },
            description="One thing that is wrong with a request.",
        ),
        "Failure": record(
            {
                "type": {"type": "string", "enum": _types(*sorted(FAILURE_REASONS))},
                "title": TEXT,
                "detail": TEXT,
                "details": described({"type": "object"}, "What the function has added."),
            },
            optional=("details",),
            description="Why a calculation has no result.",
        ),
    }


def problems() -> dict[str, Schema]:
    """Return the schema of each type of problem."""
    return {f"{name}Problem": _problem(kind) for name, kind in PROBLEM_TYPES.items()}


def _problem(kind: ProblemType) -> Schema:
    types = _types(*(kind.names or (kind.name,)))
    is_any = kind.name == "http-error"
    return record(
        {
            "type": {"type": "string", "enum": types},
            "title": TEXT,
            "status": {"type": "integer"} if is_any else {"type": "integer", "const": kind.status},
            "detail": described(TEXT, "What is wrong, and what to do."),
            **kind.members,
        },
        optional=kind.optional,
        description=kind.when,
        examples=[kind.example.document()],
    )


def _types(*names: str) -> list[str]:
    return [PROBLEM_PREFIX + name for name in names]
