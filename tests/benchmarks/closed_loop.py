"""As many requests as a server answers: wrk, whose connections ask again once they are answered."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.asking import Asked

_REPORT = """
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\nreport {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, ' ..
    '"broken": %d, "timeout": %d, "status": %d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), errors.connect + errors.read + errors.write, errors.timeout,
    errors.status))
end
"""


@dataclass(frozen=True)
class Throughput:
    """What a run gave. `sent` is the most that can have been asked, those unanswered included."""

    requests_per_second: float
    bytes_per_second: float
    p50_ms: float
    p99_ms: float
    errors: dict[str, int]
    requests: int
    sent: int


def run_wrk(
    url: str, asked: Asked, seconds: float, *, connections: int = 64, threads: int = 1
) -> Throughput:
    """Ask for so long on so many connections. More than one thread only for equal requests.

    A status of 400 or more is an error, and no request answered.
    """
    assert threads == 1 or not asked.varies, "each thread would count from the same number"
    path = "" if asked.varies else asked.path
    with tempfile.TemporaryDirectory(prefix="reckoner-wrk-") as folder:
        script = Path(folder) / "asked.lua"
        script.write_text(asked.lua() + _REPORT)
        options = ("-t", str(threads), "-c", str(connections), "-d", f"{max(1, round(seconds))}s")
        finished = subprocess.run(
            ["wrk", *options, "--timeout", "30s", "-s", str(script), url + path],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 90,
        )
    found = json.loads(finished.stdout.rpartition("\nreport ")[2])
    return _throughput(found, connections)


def _throughput(found: dict[str, Any], connections: int) -> Throughput:
    seconds = found["microseconds"] / 1e6
    errors = {name: found[name] for name in ("broken", "timeout", "status") if found[name]}
    right = found["requests"] - found["status"]
    return Throughput(
        requests_per_second=right / seconds,
        bytes_per_second=found["bytes"] / seconds,
        p50_ms=found["p50"] / 1000,
        p99_ms=found["p99"] / 1000,
        errors=errors,
        requests=right,
        # wrk asks its script for one request more at its start.
        sent=found["requests"] + sum(errors.values()) + 2 * connections + 2,
    )
