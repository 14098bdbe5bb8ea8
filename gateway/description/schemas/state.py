"""Schemas of the state of the service, of sessions and of links."""

from gateway.description.schemas.builders import (
    COUNT,
    IDENTITY,
    MOMENT,
    SECONDS,
    TEXT,
    Schema,
    described,
    list_of,
    or_null,
    record,
    reference,
)
from shared.calculation import Lane, Status

_BOOLEAN: Schema = {"type": "boolean"}
_LANES = [str(lane) for lane in Lane]


def state() -> dict[str, Schema]:
    """Return the schemas."""
    return {
        "Index": record(
            {
                "name": TEXT,
                "summary": TEXT,
                "links": {"type": "object", "additionalProperties": TEXT},
                "actions": described(
                    {"type": "object", "additionalProperties": TEXT}, "A method and a path each."
                ),
            }
        ),
        "Liveness": record({"status": {"type": "string", "const": "live"}}),
        "Readiness": record(
            {
                "status": {"type": "string", "enum": ["ready", "degraded", "unavailable"]},
                "checks": {
                    "type": "object",
                    "additionalProperties": described(TEXT, "`ok`, or what is wrong."),
                },
                "problems": list_of(reference("FunctionProblem")),
            }
        ),
        "Session": record(
            {
                "key": reference("KeyName"),
                "scopes": list_of(reference("Scope")),
                "expires_at": or_null(MOMENT),
            }
        ),
        "KeysOff": record({"keys": {"type": "string", "const": "off"}}),
        "Login": record({"key": described(TEXT, "`rk_…`")}, closed=True),
        "System": _system(),
        "LaneState": _lane(),
        "RelayState": record(
            {
                "id": IDENTITY,
                "host": TEXT,
                "pid": COUNT,
                "silent_seconds": SECONDS,
                "problems": {"type": "object", "additionalProperties": TEXT},
            }
        ),
        "WorkerState": _worker(),
        "Admission": _admission(),
        "Storage": _storage(),
        "QueuedWork": record({"calculations": COUNT, "seconds": SECONDS, "bytes": COUNT}),
        "QueueLimits": record({"queued_seconds": or_null(SECONDS), "queued_bytes": or_null(COUNT)}),
    }


def _system() -> Schema:
    return record(
        {
            "lanes": record({lane: reference("LaneState") for lane in _LANES}),
            "outbox": record({"depth": COUNT, "age_seconds": SECONDS}),
            "relays": list_of(reference("RelayState")),
            "workers": list_of(reference("WorkerState")),
            "calculations_per_minute": COUNT,
            "finished_last_minute": record(
                dict.fromkeys(map(str, Status), COUNT), optional=tuple(map(str, Status))
            ),
            "admission": reference("Admission"),
            "storage": reference("Storage"),
        }
    )


def _lane() -> Schema:
    return record(
        {
            "queued": COUNT,
            "published": described(COUNT, "Those of them that are in RabbitMQ."),
            "running": COUNT,
            "oldest_queued_seconds": or_null(SECONDS),
            "estimated_seconds_to_go": described(
                or_null(SECONDS), "Null where nothing can be delivered."
            ),
            "without_estimate": COUNT,
            "workers": COUNT,
            "slots": COUNT,
        }
    )


def _worker() -> Schema:
    return record(
        {
            "id": IDENTITY,
            "host": TEXT,
            "pid": COUNT,
            "lane": reference("Lane"),
            "slots": COUNT,
            "started_at": MOMENT,
            "seen_at": MOMENT,
            "running": list_of(TEXT),
            "lacks": described(or_null(list_of(TEXT)), "Functions, as `name/version`."),
        }
    )


def _admission() -> Schema:
    return record(
        {
            "limits": reference("QueueLimits"),
            "key_limits": reference("QueueLimits"),
            "queued": reference("QueuedWork"),
            "keys": {"type": "object", "additionalProperties": reference("QueuedWork")},
        }
    )


def _storage() -> Schema:
    return record(
        {
            "results": COUNT,
            "bytes": described(COUNT, "Of the results, without what PostgreSQL adds."),
            "is_counted": described(_BOOLEAN, "False while older results are still being counted."),
            "limits": record(
                {"bytes": or_null(COUNT), "seconds": or_null(SECONDS), "forget": _BOOLEAN}
            ),
            "ran_at": or_null(MOMENT),
            "fault": or_null(TEXT),
        }
    )
