"""Problem documents (RFC 9457), and those that no exception leads to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import falcon.asgi

from shared.failures import PROBLEM_PREFIX

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client sees of an error; `name` is the last part of its type."""

    status: int
    name: str
    title: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        return {
            "type": PROBLEM_PREFIX + self.name,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


def write_problem(resp: falcon.asgi.Response, problem: Problem) -> None:
    """Replace the response by this problem.

    Headers that were set before the error go: with a cache lifetime a cache would keep the error,
    with a content coding a client could not decode it.
    """
    for name in resp.headers:
        resp.delete_header(name)
    resp.text = None
    resp.sse = None
    resp.status = problem.status
    resp.content_type = MEDIA_TYPE
    resp.cache_control = ["no-store"]
    resp.data = json.dumps(problem.document()).encode() + b"\n"
    resp.stream = None
    resp.context.problem = problem.name  # for whoever counts
    for name, value in problem.headers.items():
        resp.set_header(name, value)


MALFORMED_REQUEST = Problem(
    400,
    "bad-request",
    "Bad request",
    "The request is not valid HTTP/1.1, or its method is unknown. Correct it and resubmit.",
)

PRECONDITION_FAILED = Problem(
    412,
    "precondition-failed",
    "Precondition failed",
    "If-Match names another result. Repeat the request without If-Match.",
)


def range_not_satisfiable(length: int) -> Problem:
    """Return the problem of a range beyond a result of this many bytes."""
    return Problem(
        416,
        "range-not-satisfiable",
        "Range not satisfiable",
        f"The result has {length} bytes, numbered from 0. Request a range within them.",
        headers={"Content-Range": f"bytes */{length}"},
    )
