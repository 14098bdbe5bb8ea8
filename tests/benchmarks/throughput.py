"""Calculations per second from end to end: submitted, computed, stored, acknowledged.

All contenders compute the same numbers on the same servers, one contender at a time, in turn. The
clock runs from the first submission until the last row is finished. That every message was
acknowledged is then verified: with all of them the acknowledgement follows the last commit.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import gmpy2

from compose.services import free_port
from tests.benchmarks.figures import Effort, interleaved
from tests.benchmarks.peers import lineup
from tests.benchmarks.peers.contenders import Contender, running
from tests.benchmarks.peers.reckoner_run import running_reckoner
from tests.benchmarks.peers.work import Work, works
from tests.benchmarks.servers import Servers
from tests.eventually import eventually

RECKONER = "reckoner"
QUICK_WORKERS = 2

_WARM_UP = 200
_WARM_UP_KEYS = 1_000_000_000
_POLL_SECONDS = 0.05
_DEADLINE_SECONDS = 180
_SAMPLE = 200


@dataclass(frozen=True)
class _Entry:
    """A contender, and how many calculations it gets: about 5 to 8 s of work."""

    start: Callable[[Servers], AbstractContextManager[Contender]]
    count: int


_ENTRIES: Mapping[str, _Entry] = {
    RECKONER: _Entry(partial(running_reckoner, quick=QUICK_WORKERS), 25_000),
    "flask_celery": _Entry(
        lambda servers: running(servers, lineup.flask_celery(free_port())), 1_500
    ),
    "celery_rabbitmq": _Entry(lambda servers: running(servers, lineup.celery_rabbitmq()), 8_000),
    "bare_dramatiq": _Entry(lambda servers: running(servers, lineup.bare_dramatiq()), 10_000),
    "with_procrastinate": _Entry(
        lambda servers: running(servers, lineup.with_procrastinate()), 4_000
    ),
}


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure all contenders; return their rates, processor times, and Reckoner's lead."""
    cpu: dict[str, list[Mapping[str, float]]] = {name: [] for name in _ENTRIES}

    def measure_once(name: str) -> float:
        entry = _ENTRIES[name]
        count = effort.count(entry.count)
        with entry.start(servers) as contender:
            rate, microseconds = measure(contender, works(count))
        cpu[name].append(microseconds)
        print(f"throughput: {name}: {rate:,.0f}/s, {count} calculations", flush=True)
        return rate

    rates = interleaved({name: partial(measure_once, name) for name in _ENTRIES}, effort.rounds)
    own = rates[RECKONER]["median"]
    return {
        "contenders": {
            name: {
                "per_second": rate,
                "count": effort.count(_ENTRIES[name].count),
                "cpu_microseconds_per_calculation": _medians(cpu[name]),
            }
            for name, rate in rates.items()
        },
        "reckoner_is_times": {
            name: own / rate["median"] for name, rate in rates.items() if name != RECKONER
        },
        "reckoner_quick_workers": QUICK_WORKERS,
    }


def _digits(one: Work) -> str:
    digits: str = gmpy2.fib(one.n).digits()
    return digits


def measure(
    contender: Contender, given: list[Work], right: Callable[[Work], str] = _digits
) -> tuple[float, dict[str, float]]:
    """Return calculations per second, and the processor time of each by component.

    What is stored is compared with what `right` returns, in a sample.
    """
    contender.submit(works(_WARM_UP, _WARM_UP_KEYS))
    _await_finish(contender, _WARM_UP)
    eventually(contender.is_drained, within_seconds=60, what="acknowledged all of the warm-up")
    before = contender.cpu_seconds()
    report = contender.submit(given)
    ended = _await_finish(contender, _WARM_UP + len(given))
    after = contender.cpu_seconds()
    _verify(contender, given, right)
    spent = {name: seconds - before[name] for name, seconds in after.items()}
    spent["client"] = report["cpu_seconds"]
    microseconds = {name: 1e6 * seconds / len(given) for name, seconds in spent.items()}
    return len(given) / (ended - report["began"]), microseconds


def _await_finish(contender: Contender, count: int) -> float:
    """Return the moment at which that many calculations were stored."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not contender.is_finished(count):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{contender.stored_count()} of {count} in time")
        time.sleep(_POLL_SECONDS)
    return time.monotonic()


def _verify(contender: Contender, given: list[Work], right: Callable[[Work], str]) -> None:
    """Check that every row is there, a sample of the results is right, and no message is left."""
    stored = contender.stored_count()
    assert stored == _WARM_UP + len(given), f"{stored} of {_WARM_UP + len(given)} are stored"
    sample = random.sample(given, min(_SAMPLE, len(given)))
    expected = {one.k: right(one) for one in sample}
    assert contender.stored_results(list(expected)) == expected, "results are wrong"
    eventually(contender.is_drained, within_seconds=60, what="acknowledged all")


def _medians(runs: list[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
