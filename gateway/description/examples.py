"""The calculation that the examples show, in all places the same one."""

from typing import Any

_PATH = "/calculations/ffcfeb02-09f4-5c06-889e-7cd5cd61b456"

DOCUMENT: dict[str, Any] = {
    "id": "ffcfeb02-09f4-5c06-889e-7cd5cd61b456",
    "function": "fibonacci",
    "version": 1,
    "arguments": {"n": 30},
    "status": "succeeded",
    "lane": "quick",
    "progress": 1.0,
    "attempts": 0,
    "created_at": "2026-11-26T10:00:00.000Z",
    "published_at": None,
    "started_at": None,
    "finished_at": "2026-11-26T10:00:00.000Z",
    "compute_seconds": 2e-06,
    "peak_bytes": None,
    "submitted_by": None,
    "cancelled_by": None,
    "estimate": {"seconds": 1e-06, "bytes": 4096, "digits": 6, "source": "function"},
    "result": {
        "media_type": "text/plain; charset=us-ascii",
        "length": 6,
        "sha256": "ee1848f1be80d6501f64bcef1e3b9c4a6aae617e4ca521e27ee9edcb22827337",
        "check": "residue",
        "digits": 6,
        "value": "832040",
        "head": "832040",
        "tail": "832040",
        "href": f"{_PATH}/result",
    },
    "error": None,
    "history": [],
    "links": {"self": _PATH, "result": f"{_PATH}/result", "events": f"{_PATH}/events"},
}

QUEUED: dict[str, Any] = {
    **DOCUMENT,
    "status": "queued",
    "progress": 0,
    "finished_at": None,
    "compute_seconds": None,
    "result": None,
}

SUCCEEDED = {"succeeded": {"value": DOCUMENT}}
UNFINISHED = {"queued": {"value": QUEUED}}
