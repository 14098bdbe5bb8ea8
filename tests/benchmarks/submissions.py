"""Submissions per second, and how long each takes: queued, computed at once, in batches."""

from typing import Any

from tests.benchmarks import flask_server
from tests.benchmarks.closed_loop import run_wrk
from tests.benchmarks.figures import Effort, spread
from tests.benchmarks.open_loop import measure
from tests.benchmarks.reckoner import reckoner
from tests.benchmarks.request_template import RequestTemplate
from tests.benchmarks.servers import Servers

_JSON = {"Content-Type": "application/json"}
_ITEM = '{"function":"fibonacci","arguments":{"n":{value}}}'
_BATCH = 1_000

#: From here on the estimate exceeds RECKONER_INLINE_SECONDS; up to 7,000,000 the lane is quick.
FIRST_QUEUED_N = 200_000

#: Concurrent clients, whose requests share statements.
_CONNECTIONS = 256
_BY_CONNECTIONS = (16, 64, 1_000)

#: What is computed in the request ends at about 180,000, so the numbers last for some minutes.
_FIRST_INLINE_N = 1_000
_LAST_INLINE_N = 180_000

#: Batches of a thousand use up the numbers quickly.
_FIRST_BATCH_N = 1_000_000


def single(first_n: int, **headers: str) -> RequestTemplate:
    """Return submissions of one calculation each, all different."""
    return RequestTemplate("/calculations", "POST", _ITEM, {**_JSON, **headers}, first_n)


def measure_submissions(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure Reckoner, then the shape that it replaces."""
    return {
        **_without_workers(servers, effort),
        "queued_while_draining": _while_draining(servers, effort),
        "flask": _flask(servers, effort),
    }


def _without_workers(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure what is accepted when nothing else is to do but for the relay's work."""
    with reckoner(servers, quick=0) as running:
        first = single(FIRST_QUEUED_N)
        queued, template = measure(running.url, first, effort, connections=_CONNECTIONS)
        by_connections = _by_connections(running.url, template, effort)
        stored = running.scalar("SELECT count(*) FROM calculations WHERE status = 'queued'")
        _tell("queued", queued)
        inline, left = measure(running.url, single(_FIRST_INLINE_N), effort)
        _tell("computed in the request", inline)
    with reckoner(servers, quick=0) as running:
        batch = _batches(running.url, effort)
    return {
        "queued": {**queued, "stored": stored, "by_connections": by_connections},
        "inline": {**inline, "numbers_ran_out": left.first > _LAST_INLINE_N},
        "batch": batch,
    }


def _by_connections(url: str, template: RequestTemplate, effort: Effort) -> dict[str, Any]:
    """Measure with few clients and with many; {connections: rates}."""
    rates: dict[int, list[float]] = {count: [] for count in _BY_CONNECTIONS}
    for _ in range(effort.rounds):
        for count, found in rates.items():
            run = run_wrk(url, template, effort.seconds, connections=count)
            template = template.after(run.sent)
            assert not run.errors, (count, run.errors)
            found.append(run.requests_per_second)
    return {str(count): spread(found) for count, found in rates.items()}


def _batches(url: str, effort: Effort) -> dict[str, Any]:
    body = '{"calculations":[{items}]}'
    template = RequestTemplate(
        "/calculations/batch", "POST", body, _JSON, _FIRST_BATCH_N, item=_ITEM, items=_BATCH
    )
    rates, errors = [], []
    for _ in range(effort.rounds):
        found = run_wrk(url, template, effort.seconds, connections=8)
        template = template.after(found.sent)
        rates.append(found.requests_per_second * _BATCH)
        errors.append(found.errors)
    print(f"requests: {_BATCH} a batch: {spread(rates)['median']:,.0f} calculations/s", flush=True)
    return {"calculations_per_second": spread(rates), "errors": errors, "size": _BATCH}


def _while_draining(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure again while a quick worker drains the queue.

    Nothing is computed in a request here, so that the numbers can be small: the worker should
    spend its time on draining, not on large numbers.
    """
    with reckoner(servers, quick=1, inline_seconds=0) as running:
        queued, _ = measure(running.url, single(_FIRST_INLINE_N), effort, fractions=(0.5,))
        left = running.scalar("SELECT count(*) FROM calculations WHERE status = 'queued'")
        stored = running.scalar("SELECT count(*) FROM calculations")
    _tell("queued, with a worker", queued)
    return {**queued, "stored": stored, "left_at_the_end": left}


def _flask(servers: Servers, effort: Effort) -> dict[str, Any]:
    with flask_server.flask_server(servers) as running:
        queued, left = measure(running.url, flask_server.submission(), effort)
        _tell("Flask: queued", queued)
        running.start_worker()
        draining, _ = measure(running.url, left, effort, fractions=(0.5,))
        _tell("Flask: queued, with a worker", draining)
    return {"queued": queued, "queued_while_draining": draining}


def _tell(what: str, found: dict[str, Any]) -> None:
    print(f"requests: {what}: {found['per_second']['median']:,.0f}/s", flush=True)
