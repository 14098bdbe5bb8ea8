"""Operations of the client with given answers, and a clock that only their pauses advance."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx

from reckoner.client.operations.service import Service
from reckoner.client.transport.retries import Retries
from reckoner.client.transport.steps import (
    Call,
    Emit,
    Open,
    Read,
    Send,
    Sleep,
    Steps,
    Tell,
    Together,
    Work,
)

URL = "http://reckoner.test"
ID = "ffcfeb02-09f4-5c06-889e-7cd5cd61b456"


@dataclass
class Player:
    """Gives the operation one answer after the other: a response, or an error to raise."""

    answers: Iterable[Any]
    calls: list[Call] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    emitted: list[Any] = field(default_factory=list)
    now: float = 1_000.0
    _pieces: Any = None

    def __post_init__(self) -> None:
        self.answers = iter(self.answers)

    def play(self, steps: Steps[Any]) -> Any:
        """Return what the operation returns."""
        came, failed = None, None
        while True:
            try:
                step = steps.send(came) if failed is None else steps.throw(failed)
            except StopIteration as end:
                return end.value
            came = failed = None
            try:
                came = self._do(step)
            except Exception as error:
                failed = error

    def _do(self, step: object) -> Any:
        match step:
            case Send(call) | Open(call):
                self.calls.append(call)
                answer = next(self.answers)  # type: ignore[call-overload]
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, tuple):
                    answer, pieces = answer
                    self._pieces = iter(pieces)
                elif isinstance(step, Open):
                    self._pieces = iter([answer.content])
                return answer
            case Read():
                piece = next(self._pieces, None)
                if isinstance(piece, Exception):
                    raise piece
                return piece
            case Sleep(seconds):
                self.sleeps.append(seconds)
                self.now += seconds
            case Work(function):
                return function()
            case Together(operations):
                return [self.play(one) for one in operations]
            case Tell(function, about):
                return function(about)
            case Emit(item):
                self.emitted.append(item)
        return None


def install_clock(monkeypatch, player: Player) -> None:
    """Let the operations see the player's clock."""
    clock = SimpleNamespace(monotonic=lambda: player.now)
    for module in ("transport.exchange", "operations.waiting", "operations.events"):
        monkeypatch.setattr(f"reckoner.client.{module}.time", clock)


def service(attempts: int = 10, seconds: float = 60.0) -> Service:
    return Service(URL, Retries(attempts, seconds))


def answer(document: object, status: int = 200, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=document, headers=given)


def problem(status: int, name: str, detail: str = "Wrong. Do better.", **headers: str):
    document = {
        "type": f"urn:reckoner:problem:{name}",
        "title": name,
        "status": status,
        "detail": detail,
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given |= {"Content-Type": "application/problem+json", "X-Request-ID": "abc"}
    return httpx.Response(status, content=json.dumps(document).encode(), headers=given)


def document(**overrides: object) -> dict[str, Any]:
    """Return the document of a calculation."""
    return {
        "id": ID,
        "function": "fibonacci",
        "version": 1,
        "arguments": {"n": 30},
        "status": "succeeded",
        "lane": "quick",
        "progress": 1.0,
        "attempts": 1,
        "created_at": "2026-11-26T10:00:00.000Z",
        "published_at": None,
        "started_at": None,
        "finished_at": "2026-11-26T10:00:01.000Z",
        "compute_seconds": 0.5,
        "peak_bytes": None,
        "submitted_by": None,
        "cancelled_by": None,
        "estimate": {"seconds": 0.5, "bytes": 1, "digits": 6, "source": "function"},
        "result": result(),
        "error": None,
        "history": [],
        "links": {},
        **overrides,
    }


def result(**overrides: object) -> dict[str, Any]:
    """Return what a document says of its result."""
    return {
        "media_type": "text/plain; charset=us-ascii",
        "length": 6,
        "sha256": "5d4c66ba8bf8d8da2d05c1a5b4e5e0fb0d2b0cf4ac06a1c4f2b0a3dfe1b2c3d4",
        "check": "residue",
        "digits": 6,
        "value": "832040",
        "head": "832040",
        "tail": "832040",
        "href": f"/calculations/{ID}/result",
        **overrides,
    }


def unfinished(status: str = "queued", **overrides: object) -> dict[str, Any]:
    """Return the document of a calculation that is not final."""
    given = {"progress": 0.0, "finished_at": None, "result": None, "attempts": 0}
    return document(status=status, **(given | overrides))
