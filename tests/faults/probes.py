"""Clients that keep asking, with a key and without, and what they are answered."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import httpx

#: So many requests a second for each client, so that the load has the processor.
_PAUSE_SECONDS = 0.02

_REQUESTS: list[tuple[str, str, object]] = [
    ("GET", "/calculations?limit=1", None),
    ("POST", "/calculations", {"function": "fibonacci", "arguments": {"n": 100}}),
    ("GET", "/functions", None),
    ("GET", "/calculate/100", None),
]


class Probes:
    """Look-ups and submissions, one after the other, of clients with the same headers."""

    def __init__(self, url: str, clients: int = 2, **headers: str) -> None:
        self.statuses: Counter[int] = Counter()
        # A connection for each request: whichever process of the gateway is there takes it.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=url, headers=headers, timeout=30, limits=limits)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(clients)
        self._running = [self._threads.submit(self._run) for _ in range(clients)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._threads.shutdown()
        for task in self._running:
            task.result()
        self._client.close()

    def _run(self) -> None:
        for method, path, body in itertools.cycle(_REQUESTS):
            if self._stop.wait(_PAUSE_SECONDS):
                return
            try:
                status = self._client.request(method, path, json=body).status_code
            except httpx.TransportError:
                continue  # a client would try again
            with self._lock:
                self.statuses[status] += 1
