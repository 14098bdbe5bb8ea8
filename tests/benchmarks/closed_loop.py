"""As many requests as a server answers: wrk, which sends the next after each answer."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.request_template import RequestTemplate

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
    """What a run gave. `sent` includes unanswered requests."""

    requests_per_second: float
    bytes_per_second: float
    p50_ms: float
    p99_ms: float
    errors: dict[str, int]
    requests: int
    sent: int


def run_wrk(
    url: str, template: RequestTemplate, seconds: float, *, connections: int = 64, threads: int = 1
) -> Throughput:
    """Send requests on some connections. More than one thread only for equal requests.

    A status of 400 or more is an error, and no request answered.
    """
    assert threads == 1 or not template.varies, "each thread would count from the same number"
    path = "" if template.varies else template.path
    with tempfile.TemporaryDirectory(prefix="reckoner-wrk-") as folder:
        script = Path(folder) / "template.lua"
        script.write_text(template.lua() + _REPORT)
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
        # wrk takes one request more from its script at its start.
        sent=found["requests"] + sum(errors.values()) + 2 * connections + 2,
    )
