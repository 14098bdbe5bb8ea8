"""Clients that send requests while a deployment is changed, and count failures."""

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

_CLIENTS = 6

#: After each request: a steady stream that does not use the whole machine.
_PAUSE_SECONDS = 0.02
_numbers = itertools.count(1)


@dataclass
class Counts:
    """What the clients saw, all of them together."""

    requests: int = 0
    #: The connection had been closed while it was idle, and the request went well on a new one:
    #: RFC 9110, section 9.2.2, which all common clients follow.
    sent_again: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __str__(self) -> str:
        """Return one line for people."""
        return (
            f"{self.requests} requests, {len(self.failures)} failed, "
            f"{self.sent_again} sent again on a new connection"
        )


@contextmanager
def load(url: str, headers: Mapping[str, str]) -> Iterator[Counts]:
    """Have clients submit and read all the time; yield what they count."""
    counts, stopping = Counts(), threading.Event()
    clients = [
        threading.Thread(target=_ask, args=(url, headers, counts, stopping), daemon=True)
        for _ in range(_CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield counts
    finally:
        stopping.set()
        for client in clients:
            client.join(90)


def _ask(url: str, headers: Mapping[str, str], counts: Counts, stopping: threading.Event) -> None:
    """Be one client, with one connection that it keeps."""
    with httpx.Client(base_url=url, timeout=90, headers=headers) as client:
        while not stopping.is_set():
            n = next(_numbers)
            # Computed in the request, read again, and brought through the queue and waited for.
            _send(client, counts, "POST", "/calculations", n)
            _send(client, counts, "GET", f"/calculate/{n}")
            _send(client, counts, "POST", "/calculations", 2_000_000 + n, wait=n % 10 == 0)


def _send(
    client: httpx.Client,
    counts: Counts,
    method: str,
    path: str,
    n: int | None = None,
    *,
    wait: bool = False,
) -> None:
    body = None if n is None else {"function": "fibonacci", "arguments": {"n": n}}
    headers = {"Prefer": "wait=60"} if wait else {}
    again = False
    try:
        try:
            answer = client.request(method, path, json=body, headers=headers)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            again = True
            answer = client.request(method, path, json=body, headers=headers)
        fault = None if answer.status_code in (200, 202) else f"{answer.status_code} {answer.text}"
        if wait and answer.status_code != 200:
            fault = f"waited for nothing: {answer.status_code}"
    except httpx.HTTPError as error:
        fault = f"{method} {path}: {error!r}"
    time.sleep(_PAUSE_SECONDS)
    with counts.lock:
        counts.requests += 1
        counts.sent_again += again
        if fault is not None:
            counts.failures.append(fault)
