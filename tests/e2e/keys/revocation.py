"""A key and its session that are revoked while in use, watched until nobody serves them."""

import itertools
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from tests.eventually import eventually

#: A process of the gateway may still accept the key for half of this time, and NGINX's cache what
#: that process answered last.
_GATEWAYS_SECONDS = 10.0
_WATCH_SECONDS = 60.0


class Revocation:
    """Runs beside other tests, since it takes as long as the stated time allows."""

    def __init__(self, url: str, paths: list[str], waiting: str) -> None:
        self._paths = paths
        self._waiting = waiting
        self._client = httpx.Client(base_url=url, timeout=90)
        self._threads = ThreadPoolExecutor(6)
        self._began = 0.0

    def begin(self, credentials: list[Mapping[str, str]], revoke: Callable[[], None]) -> None:
        """Open a stream and a waiting request, revoke, and watch all ways to an answer."""
        events = self._client.build_request(
            "GET", f"{self._waiting}/events", headers=credentials[0]
        )
        stream = self._client.send(events, stream=True)
        assert stream.status_code == 200, stream.read()
        self.wait: Future[int] = self._threads.submit(
            lambda: self._get(self._waiting, {**credentials[0], "Prefer": "wait=15"})
        )
        for credential in credentials:  # in the cache before as well
            assert self._get(self._paths[0], credential) == 200
        self._began = time.monotonic()
        revoke()
        self.stream: Future[float] = self._threads.submit(self._read_to_its_end, stream)
        self.cache: list[Future[float]] = [
            self._threads.submit(self._refused_after, credential) for credential in credentials
        ]

    def close(self) -> None:
        self._threads.shutdown()
        self._client.close()

    def _read_to_its_end(self, stream: httpx.Response) -> float:
        stream.read()
        return time.monotonic() - self._began

    def _refused_after(self, credential: Mapping[str, str]) -> float:
        """Return after how long not one of the answers is given any more."""
        served = {self._paths[0]}
        paths = iter(self._paths[1:])
        until = self._began + _GATEWAYS_SECONDS
        while time.monotonic() < until:
            pause = time.monotonic() + 0.25
            served |= {
                path for path in itertools.islice(paths, 1) if self._is_served(path, credential)
            }
            _wait_until(pause)
        eventually(
            lambda: not any(self._is_served(path, credential) for path in served),
            within_seconds=_WATCH_SECONDS,
            what="refused everywhere",
        )
        return time.monotonic() - self._began

    def _is_served(self, path: str, credential: Mapping[str, str]) -> bool:
        return self._get(path, credential) == 200

    def _get(self, path: str, credential: Mapping[str, str]) -> int:
        return self._client.get(path, headers=credential).status_code


def _wait_until(moment: float) -> None:
    eventually(lambda: time.monotonic() > moment)
