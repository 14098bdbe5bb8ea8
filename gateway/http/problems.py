"""Problem documents (RFC 9457): what an error looks like from outside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import falcon.asgi

from shared.failures import PROBLEM_PREFIX

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error looks like from outside."""

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
    """Make this problem the response, and leave nothing of what was to be the answer.

    A cache lifetime, an ETag, a digest or a coding that was set before the error came would
    describe the error: a cache would keep it, a client could not decode it.
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
    for name, value in problem.headers.items():
        resp.set_header(name, value)
