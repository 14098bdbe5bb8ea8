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
from shared.diagnosis.problem import Severity

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
                "started_at": MOMENT,
                "silent_seconds": SECONDS,
                "problems": {"type": "object", "additionalProperties": TEXT},
            }
        ),
        "WorkerState": _worker(),
        "ServiceProblem": record(
            {
                "severity": {"type": "string", "enum": [str(one) for one in Severity]},
                "text": described(TEXT, "What is wrong."),
                "remedy": described(TEXT, "What to do."),
            }
        ),
        "Run": record(
            {
                "id": IDENTITY,
                "function": TEXT,
                "since": or_null(MOMENT),
                "progress": {"type": "number", "minimum": 0, "maximum": 1},
            }
        ),
        "FailureCount": record(
            {
                "function": TEXT,
                "type": described(TEXT, "The type of the problem."),
                "last_hour": COUNT,
                "last_day": COUNT,
                "latest_id": IDENTITY,
                "latest_at": MOMENT,
            }
        ),
        "Redrive": _redrive(),
        "RedriveRequest": record(
            {"lane": described(or_null(reference("Lane")), "Null: both.")},
            optional=("lane",),
            closed=True,
        ),
        "RedriveReceipt": record({"id": IDENTITY}),
        "History": _history(),
        "LaneHistory": _lane_history(),
        "Admission": _admission(),
        "Storage": _storage(),
        "QueuedWork": record({"calculations": COUNT, "seconds": SECONDS, "bytes": COUNT}),
        "QueueLimits": record({"queued_seconds": or_null(SECONDS), "queued_bytes": or_null(COUNT)}),
    }


def _system() -> Schema:
    return record(
        {
            "problems": described(
                list_of(reference("ServiceProblem")), "The worst first; none if everything works."
            ),
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
            "dead_letters": described(
                record(dict.fromkeys(_LANES, or_null(COUNT))), "Null while no relay has counted."
            ),
            "redrives": described(list_of(reference("Redrive")), "The newest first."),
            "history_since": or_null(MOMENT),
            "failures": record(
                {
                    "counts": list_of(reference("FailureCount")),
                    "is_exact": described(_BOOLEAN, "False: only the newest were counted."),
                }
            ),
            "disk": record(
                {"database_bytes": COUNT, "stored_bytes": COUNT, "limit_bytes": or_null(COUNT)}
            ),
            "build": record({"version": TEXT, "python": TEXT, "schema": TEXT}),
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
            "busy_slots": or_null(COUNT),
        }
    )


def _redrive() -> Schema:
    statuses = ["waiting", "running", "succeeded", "failed"]
    return record(
        {
            "id": IDENTITY,
            "lane": described(or_null(reference("Lane")), "Null: both."),
            "status": {"type": "string", "enum": statuses},
            "requested_at": MOMENT,
            "requested_by": or_null(reference("KeyName")),
            "finished_at": or_null(MOMENT),
            "moved": described(COUNT, "How many messages are back in their queue."),
            "fault": or_null(TEXT),
        }
    )


def _history() -> Schema:
    return record(
        {
            "step_seconds": described(COUNT, "Between two points."),
            "times": list_of(described(COUNT, "Seconds since 1970.")),
            "counted_seconds": described(
                list_of(or_null(SECONDS)), "How much of each step was counted; null: none of it."
            ),
            "lanes": record({lane: reference("LaneHistory") for lane in _LANES}),
        }
    )


def _lane_history() -> Schema:
    counts = list_of(or_null(COUNT))
    seconds = list_of(or_null(SECONDS))
    percentiles = [
        f"{what}_seconds_{share}" for what in ("waiting", "computing") for share in ("p50", "p99")
    ]
    return record(
        {
            **dict.fromkeys(("accepted", "succeeded", "failed", "cancelled"), counts),
            **dict.fromkeys(("queued", "running", "outbox_depth"), counts),
            "outbox_age_seconds": seconds,
            **dict.fromkeys(("workers", "slots"), counts),
            **dict.fromkeys(percentiles, described(seconds, "Exact to the width of a bucket.")),
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
            "runs": list_of(reference("Run")),
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
