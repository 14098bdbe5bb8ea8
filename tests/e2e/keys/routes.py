"""Every route of a service with keys, with the scope that it needs."""

from typing import NamedTuple

from shared.keys.scope import Scope


class Route(NamedTuple):
    """A request, and what a client that may send it is answered. The path may contain `{id}`."""

    method: str
    path: str
    scope: Scope
    answers: frozenset[int]
    body: object = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


_ONE = {"function": "fibonacci", "arguments": {"n": 100}}
_OK = frozenset({200})
_NOBODYS = "00000000-0000-5000-8000-000000000000"

ROUTES = [
    Route("GET", "/calculations", Scope.READ, _OK),
    Route("GET", "/calculations/count", Scope.READ, _OK),
    Route("GET", "/calculations/events", Scope.READ, _OK),
    Route("GET", "/calculations/{id}", Scope.READ, _OK),
    Route("HEAD", "/calculations/{id}", Scope.READ, _OK),
    Route("GET", "/calculations/{id}/result", Scope.READ, _OK),
    Route("HEAD", "/calculations/{id}/result", Scope.READ, _OK),
    Route("GET", "/calculations/{id}/events", Scope.READ, _OK),
    Route("GET", "/functions", Scope.READ, _OK),
    Route("GET", "/functions/fibonacci", Scope.READ, _OK),
    Route("POST", "/estimates", Scope.READ, _OK, _ONE),
    Route("POST", "/calculations", Scope.SUBMIT, _OK, _ONE),
    Route("POST", "/calculations/batch", Scope.SUBMIT, frozenset({202}), {"calculations": [_ONE]}),
    Route("GET", "/calculate/100", Scope.SUBMIT, _OK),
    # What is finished can no longer be cancelled, as whoever may cancel learns.
    Route("DELETE", "/calculations/{id}", Scope.CANCEL, frozenset({409})),
    Route("POST", "/calculations/cancel", Scope.CANCEL, _OK, {"ids": [_NOBODYS]}),
    Route("GET", "/system", Scope.OPERATE, _OK),
    Route("GET", "/system/history", Scope.OPERATE, _OK),
    Route("POST", "/dead-letters/redrive", Scope.OPERATE, frozenset({202}), {"lane": "quick"}),
    Route("GET", "/metrics", Scope.OPERATE, _OK),
]

#: Whoever reaches the port may use these.
OPEN_PATHS = ["/", "/health/live", "/health/ready", "/openapi.json", "/docs", "/console/new"]


def spellings(path: str) -> list[str]:
    """Return ways to write the path of a calculation, and of /system, some of which work."""
    return [
        *(path, f"{path}/", f"{path}?", f"/{path}", f"/.{path}", f"/x/..{path}", path.upper()),
        *(
            f"{path}/result/",
            f"{path}//result",
            f"/%63{path[2:]}",
            f"{path}%2fresult",
            f"{path}%00",
        ),
        *("/system/", "//system", "/SYSTEM", "/system?x=1", "/calculations/?limit=1"),
    ]
