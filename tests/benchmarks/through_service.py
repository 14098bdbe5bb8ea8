"""What the whole service adds to a calculation, from submission to the last digit downloaded."""

import hashlib
import statistics
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from tests.benchmarks.alone import alone
from tests.benchmarks.figures import spread
from tests.benchmarks.reckoner import reckoner
from tests.benchmarks.servers import Servers

_WAIT_SECONDS = 60
_CHUNK_BYTES = 2**20

# A first calculation of each lane opens the connections.
_WARMING_UP = (101, 9_000_000)

# Digits as they are: compressing them would be the measured cost.
_PLAIN = {"Accept-Encoding": "identity"}

_FINAL = ("succeeded", "failed", "cancelled")


def measure(servers: Servers, runs: Mapping[int, int]) -> dict[str, Any]:
    """Calculate each n so often, alone and through the service in turn; {n: figures}.

    Each time it is the next n, as the service keeps what it has calculated.
    """
    figures = {}
    with (
        reckoner(servers, quick=1, heavy=1) as running,
        httpx.Client(base_url=running.url, headers=_PLAIN, timeout=_WAIT_SECONDS + 30) as client,
    ):
        for n in _WARMING_UP:
            _through(client, n)
        for n, count in runs.items():
            pairs = [_pair(client, n + offset) for offset in range(count)]
            figures[str(n)] = _summed_up(pairs)
            found = figures[str(n)]
            print(
                f"fibonacci({n:,}) through the service: {found['seconds']['median']:.4g} s, "
                f"{found['ratio']['median']:.3g} times the calculation alone",
                flush=True,
            )
    return figures


def _pair(client: httpx.Client, n: int) -> dict[str, Any]:
    bare = alone("reckoner", n)
    if bare is None:
        raise RuntimeError(f"F({n}) alone exceeded its limit.")
    found = _through(client, n)
    if found["sha256"] != bare["sha256"]:
        raise RuntimeError(f"The service gave wrong digits of F({n}).")
    bare_seconds = statistics.median(bare["seconds"])
    return {**found, "bare_seconds": bare_seconds, "ratio": found["seconds"] / bare_seconds}


def _through(client: httpx.Client, n: int) -> dict[str, Any]:
    """Submit, wait for the result, and download all of it."""
    prefer = {"Prefer": f"wait={_WAIT_SECONDS}"}
    body = {"function": "fibonacci", "arguments": {"n": n}}
    submitted = time.perf_counter()
    document = _document(client.post("/calculations", json=body, headers=prefer))
    while document["status"] not in _FINAL:
        document = _document(client.get(document["links"]["self"], headers=prefer))
    answered = time.perf_counter()
    if document["status"] != "succeeded":
        raise RuntimeError(f"F({n}) {document['status']}: {document['error']}")
    with client.stream("GET", document["result"]["href"]) as response:
        response.raise_for_status()
        digits = list(response.iter_raw(_CHUNK_BYTES))
    downloaded = time.perf_counter()
    if sum(map(len, digits)) != document["result"]["digits"]:
        raise RuntimeError(f"Some digits of F({n}) did not arrive.")
    return {
        "seconds": downloaded - submitted,
        "download_seconds": downloaded - answered,
        "sha256": hashlib.sha256(b"".join(digits)).hexdigest(),
        **_parts(document),
    }


def _document(response: httpx.Response) -> dict[str, Any]:
    response.raise_for_status()
    document: dict[str, Any] = response.json()
    return document


def _parts(document: Mapping[str, Any]) -> dict[str, float]:
    """Read from the document what took how long before the answer.

    `child_seconds` is the rest of the time of the worker: the start of the child process, the
    check of the digits, and storing those that came after the computation's end.
    """
    created, started, finished = (
        datetime.fromisoformat(document[name])
        for name in ("created_at", "started_at", "finished_at")
    )
    running = (finished - started).total_seconds()
    return {
        "queued_seconds": (started - created).total_seconds(),
        "compute_seconds": document["compute_seconds"],
        # An inline calculation has no such time, and the clocks differ by its microseconds.
        "child_seconds": max(0.0, running - document["compute_seconds"]),
    }


def _summed_up(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in pairs[0] if name != "sha256"]
    return {name: spread([pair[name] for pair in pairs]) for name in names}
