"""Suite 3: from submission to the result in the client's hand, with one request that waits."""

import json
from typing import Any

import httpx

from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.open_loop import MOST_PER_SECOND, offer
from tests.benchmarks.reckoner import Reckoner, reckoner
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers
from tests.benchmarks.submissions import FIRST_QUEUED_N, single

_STEADY_RATE = 50.0
_FRACTIONS = (0.01, 0.5, 0.9)

#: Waiting requests are many at once when answers take long, and none may wait for a connection.
_CONNECTIONS = 512
_CAPACITY_CONNECTIONS = 64

#: Where the time went until the result was about to be committed, by PostgreSQL's clock.
_STAGES = """
    SELECT percentile_cont(0.5) WITHIN GROUP (
               ORDER BY 1000 * extract(epoch FROM published_at - created_at)) AS published,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY 1000 * extract(epoch FROM finished_at - created_at)) AS finished,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY 1000 * compute_seconds) AS computing
    FROM calculations
    WHERE status = 'succeeded' AND (arguments ->> 'n')::bigint BETWEEN %s AND %s"""

#: 202 would mean that the result was not there in time.
_EXPECTED = (200,)


def run(
    servers: Servers, effort: Effort, capacity_per_second: float | None = None
) -> dict[str, Any]:
    """Offer waiting submissions at 50/s and at fractions of the capacity, which is found if None.

    All are distinct, of the quick lane, and queued: too expensive to be computed in the request.
    """
    with reckoner(servers, quick=1) as running:
        template = single(FIRST_QUEUED_N, Prefer="wait=30")
        document = _check(running.url, template)
        template = template.after(1)
        steady = []
        for _ in range(effort.rounds):
            report = _offer(running, template, _STEADY_RATE, effort)
            template = template.after(report["requests"])
            steady.append(report)
        capacity = None
        if capacity_per_second is None:
            capacity, template = _capacity(running, template, effort)
            capacity_per_second = capacity["median"]
        fractions = []
        for fraction in _FRACTIONS:
            rate = min(fraction * capacity_per_second, MOST_PER_SECOND)
            report = _offer(running, template, rate, effort)
            template = template.after(report["requests"])
            fractions.append({"fraction": fraction, **report})
    return {
        "at_50_per_second": {
            "p50_ms": spread([report["latency_ms"]["p50"] for report in steady]),
            "p99_ms": spread([report["latency_ms"]["p99"] for report in steady]),
            "runs": steady,
        },
        "capacity_per_second": capacity_per_second,
        "capacity_measured": capacity,
        "at_fractions": fractions,
        "estimate_seconds": document["estimate"]["seconds"],
    }


def _check(url: str, template: RequestTemplate) -> dict[str, Any]:
    """Submit the first one; make sure that a worker computes it. Return its document."""
    body = template.body.replace("{value}", str(template.first))
    answer = httpx.post(
        url + template.path, content=body, headers=dict(template.headers), timeout=40
    )
    document: dict[str, Any] = answer.json()
    assert answer.status_code == 200, document
    assert document["lane"] == "quick", document
    # What the gateway computes in the request is created and finished at the same moment.
    assert document["created_at"] != document["finished_at"], document
    return document


def _offer(
    running: Reckoner, template: RequestTemplate, rate: float, effort: Effort
) -> dict[str, Any]:
    before = running.cpu_seconds()
    report = offer(
        running.url,
        template,
        rate,
        effort.seconds,
        connections=_CONNECTIONS,
        expected=_EXPECTED,
        grace_seconds=35.0,
    )
    after = running.cpu_seconds()
    report["cpu_seconds"] = {name: after[name] - before[name] for name in after}
    with running.database.begin() as connection:
        numbers = (template.first, template.first + report["requests"] - 1)
        stages = connection.exec_driver_sql(_STAGES, numbers).one()
    report["p50_ms_since_created"] = {
        name: None if value is None else float(value) for name, value in stages._mapping.items()
    }
    figures = {name: round(value, 1) for name, value in report["latency_ms"].items()}
    print(f"latency: {rate:,.0f}/s: {json.dumps(figures)} ms", flush=True)
    return report


def _capacity(
    running: Reckoner, template: RequestTemplate, effort: Effort
) -> tuple[dict[str, Any], RequestTemplate]:
    """Return the most waiting submissions per second, and the template for further requests."""
    rates = []
    for _ in range(effort.rounds):
        found = run_wrk(running.url, template, effort.seconds, connections=_CAPACITY_CONNECTIONS)
        template = template.after(found.sent)
        rates.append(found.requests_per_second)
    print(f"latency: capacity {spread(rates)['median']:,.0f}/s", flush=True)
    return spread(rates), template
