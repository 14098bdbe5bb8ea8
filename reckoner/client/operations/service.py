"""The service as operations see it: its URL, how requests are repeated, and what is remembered."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote
from uuid import UUID

from reckoner.client.documents.calculation import Calculation, calculation_from
from reckoner.client.documents.function import Function
from reckoner.client.documents.problem import Problem
from reckoner.client.errors import NotFound, ServiceUnreachable
from reckoner.client.transport.exchange import Answer, exchange
from reckoner.client.transport.retries import Retries
from reckoner.client.transport.steps import Call, Steps
from reckoner.client.values.json_text import write_json

T = TypeVar("T")

#: How a calculation may be named.
Named: TypeAlias = "UUID | str | Calculation"

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_NO_ID = Problem(
    "urn:reckoner:problem:calculation-not-found",
    "Calculation not found",
    404,
    "There is no such calculation: the id of one is a UUID. Check the id.",
)

#: The service holds a request no longer than this.
MAX_WAIT_SECONDS = 60


class Service:
    """One service. What it remembers, the schemas of functions, may be used by several threads."""

    def __init__(self, url: str, retries: Retries) -> None:
        self.url = url
        self.retries = retries
        self.functions: dict[str, Function] = {}

    def ask(self, call: Call, *, seconds: float | None = None) -> Steps[Answer]:
        """Send a request, repeating it for this long at most; return its answer."""
        return (yield from exchange(self.url, call, self.retries, seconds))

    def read(self, document: T, parse: Callable[[T], Any]) -> Any:
        """Return what `parse` makes of an answer's document. Raises ServiceUnreachable."""
        try:
            return parse(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ServiceUnreachable(
                f"{self.url} answered with a document of an unknown form. "
                "Check the URL, and that client and service are of versions that belong together."
            ) from error

    def calculation(self, answer: Answer) -> Calculation:
        """Return the calculation that an answer describes."""
        retry_after = answer.retry_after
        found: Calculation = self.read(
            answer.document, lambda document: calculation_from(document, retry_after)
        )
        return found


def path_of(calculation: Named, *below: str) -> str:
    """Return the path of a calculation, or of what is below it.

    Raises NotFound for text that is no id, which as a path could mean something else.
    """
    identity = calculation.id if isinstance(calculation, Calculation) else calculation
    if isinstance(identity, str) and not _UUID.fullmatch(identity):
        raise NotFound(_NO_ID, 404)
    return "/".join(("/calculations", str(identity), *below))


def in_path(name: str) -> str:
    """Return a name as one segment of a path: `..` is no step up."""
    return quote(name, safe="").replace(".", "%2E")


def prefer_wait(seconds: int) -> dict[str, str]:
    """Return the header that lets a request wait for this time."""
    return {"Prefer": f"wait={seconds}"} if seconds > 0 else {}


def json_call(path: str, body: str, *, wait_seconds: int = 0) -> Call:
    """Return a POST of a JSON text."""
    headers = {"Content-Type": "application/json", **prefer_wait(wait_seconds)}
    return Call("POST", path, body=body.encode(), headers=headers, read_seconds=wait_seconds)


def written_item(function: str, arguments: Mapping[str, Any]) -> str:
    """Return the JSON of a calculation that is submitted."""
    return write_json({"function": function, "arguments": arguments})
