"""Results on their way out: bytes per second, and the memory that serving a large one takes."""

import hashlib
import statistics
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from sqlalchemy import text

from compose.services import process_table
from reckoner.authoring.results.kinds import ResultKind
from shared.result import CHUNK_BYTES, ResultBuilder
from shared.store.tables.calculations import result_chunks
from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.programs import peak_memory_bytes
from tests.benchmarks.reckoner import Reckoner, reckoner
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers

#: n of fibonacci, and on how many connections its digits are fetched.
_SIZES = {
    "1,000 digits": (4_784, 64),
    "1 MB": (4_785_000, 8),
    "20 MB": (100_000_000, 4),
}

_PLAIN = {"Accept-Encoding": "identity"}

#: Of a large result, about 209 MB; as many as fibonacci(10^9) has digits.
_LARGE_N = 1_000_000_000
_LARGE_CHUNKS = 797
_INSERTED_AT_ONCE = 50
_READERS = 4

_FINISH = text("""
    UPDATE calculations
    SET status = 'succeeded', progress = 1, attempt = 1, started_at = now(), finished_at = now(),
        compute_seconds = 1, result_digits = :digits, result_sha256 = :sha256,
        result_head = :head, result_tail = :tail, result_attempt = 1
    WHERE id = :id""")


def measure_downloads(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure results of three sizes."""
    found = {}
    with reckoner(servers, quick=1, heavy=1) as running:
        for name, (n, connections) in _SIZES.items():
            path = _compute(running.url, n) + "/result"
            head = httpx.head(running.url + path, headers=_PLAIN)
            digits = int(head.headers["Content-Length"])
            runs = [
                run_wrk(running.url, RequestTemplate(path), effort.seconds, connections=connections)
                for _ in range(effort.rounds)
            ]
            found[name] = {
                "bytes": digits,
                "connections": connections,
                "bytes_per_second": spread([run.bytes_per_second for run in runs]),
                "per_second": spread([run.requests_per_second for run in runs]),
                "errors": [run.errors for run in runs],
            }
            megabytes = statistics.median(run.bytes_per_second for run in runs) / 1e6
            print(f"requests: download of {name}: {megabytes:,.0f} MB/s", flush=True)
    return found


def _compute(url: str, n: int) -> str:
    """Have it computed; return the path of its document."""
    body = {"function": "fibonacci", "arguments": {"n": n}}
    answer = httpx.post(f"{url}/calculations", json=body, headers={"Prefer": "wait=60"}, timeout=70)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["links"]["self"])


def measure_memory(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure the most memory of gateway processes that serve a large result, to one and to four.

    The digits were not computed but put into the tables: serving them is the same.
    """
    with reckoner(servers, quick=0) as running:
        path, sha256 = _store(running, effort.count(_LARGE_CHUNKS))
        before = _peaks(running)
        first = _fetch(running.url + path)
        after_one = _peaks(running)
        with ThreadPoolExecutor(_READERS) as readers:
            others = list(readers.map(_fetch, [running.url + path] * _READERS))
        after_all = _peaks(running)
    assert {first, *others} == {sha256}, "other digits than those stored"
    most = max(after_all) / 1e6
    print(f"requests: a gateway that serves a large result: {most:.0f} MB", flush=True)
    return {
        "result_bytes": effort.count(_LARGE_CHUNKS) * CHUNK_BYTES,
        "peak_bytes_before": before,
        "peak_bytes_after_one_reader": after_one,
        f"peak_bytes_after_{_READERS}_readers_more": after_all,
    }


def _store(running: Reckoner, chunks: int) -> tuple[str, str]:
    """Store a result of this many chunks; return its path and its SHA-256."""
    body = {"function": "fibonacci", "arguments": {"n": _LARGE_N}}
    document = httpx.post(f"{running.url}/calculations", json=body).raise_for_status().json()
    chunk = ("1234567890" * (CHUNK_BYTES // 10 + 1))[:CHUNK_BYTES]
    builder = ResultBuilder(ResultKind.DIGITS)
    rows = []
    for ordinal in range(chunks):
        builder.feed(chunk.encode("ascii"))
        rows.append(
            {
                "calculation_id": document["id"],
                "attempt": 1,
                "ordinal": ordinal,
                "digits": chunk,
            }
        )
    result = builder.finish(1.0)
    with running.database.begin() as connection:
        for start in range(0, chunks, _INSERTED_AT_ONCE):
            connection.execute(result_chunks.insert(), rows[start : start + _INSERTED_AT_ONCE])
        connection.execute(
            _FINISH,
            {
                "id": document["id"],
                "digits": result.length,
                "sha256": result.sha256,
                "head": result.head,
                "tail": result.tail,
            },
        )
    return str(document["links"]["result"]), result.sha256


def _fetch(url: str) -> str:
    """Download; return the SHA-256 of what came."""
    digest = hashlib.sha256()
    with httpx.stream("GET", url, headers=_PLAIN, timeout=120) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            digest.update(piece)
    return digest.hexdigest()


def _peaks(running: Reckoner) -> list[int]:
    """Return the peak of each gateway process but the one that only supervises them."""
    master = running.programs.processes["gateway"].pid
    return [
        peak_memory_bytes(entry.pid) for entry in process_table.living() if entry.parent == master
    ]
