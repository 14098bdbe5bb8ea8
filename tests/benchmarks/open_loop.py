"""Requests at a fixed rate, and latencies with nothing left out (see generator.py)."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.programs import ROOT
from tests.benchmarks.request_template import RequestTemplate

#: Beyond this rate the generator needs most of a core, and would be measured itself.
MOST_PER_SECOND = 10_000

FRACTIONS = (0.1, 0.5, 0.8)

#: If this share of a run's sends is this late, in milliseconds, the generator was the limit.
LATE_MS = 5.0


def offer(
    url: str,
    template: RequestTemplate,
    rate: float,
    seconds: float,
    *,
    connections: int = 64,
    arrivals: str = "poisson",
    seed: int = 1,
    expected: Sequence[int] = (200, 202),
    grace_seconds: float = 10.0,
) -> dict[str, Any]:
    """Offer `rate` requests a second and return what generator.py reports.

    A status that is not `expected` is an error. Answers later than `grace_seconds` after the last
    request was due count as unanswered.
    """
    parts = urlsplit(url)
    plan = {
        "host": parts.hostname,
        "port": parts.port,
        "template": template.to_json(),
        "rate": rate,
        "seconds": seconds,
        "connections": connections,
        "arrivals": arrivals,
        "seed": seed,
        "expected": list(expected),
        "grace_seconds": grace_seconds,
    }
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.generator"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=seconds + grace_seconds + 60,
    )
    if finished.returncode:
        raise RuntimeError(f"the generator ended with {finished.returncode}:\n{finished.stderr}")
    report: dict[str, Any] = json.loads(finished.stdout)
    report["generator_was_limit"] = report["send_lateness_ms"]["p99"] > LATE_MS
    return report


def measure(
    url: str,
    template: RequestTemplate,
    effort: Effort,
    *,
    connections: int = 64,
    threads: int = 1,
    fractions: Sequence[float] = FRACTIONS,
) -> tuple[dict[str, Any], RequestTemplate]:
    """Find the most requests per second, then the latencies at fractions of them.

    Return also the template for further requests, as none may be repeated.
    """
    rates, errors = [], []
    for _ in range(effort.rounds):
        found = run_wrk(url, template, effort.seconds, connections=connections, threads=threads)
        template = template.after(found.sent)
        rates.append(found.requests_per_second)
        errors.append(found.errors)
    closed = spread(rates)
    runs = []
    for fraction in fractions:
        rate = min(fraction * closed["median"], MOST_PER_SECOND)
        report = offer(url, template, rate, effort.seconds, connections=connections)
        template = template.after(report["requests"])
        runs.append({"fraction": rate / closed["median"], **report})
        if rate == MOST_PER_SECOND:
            break
    return {"per_second": closed, "errors": errors, "open_loop": runs}, template
