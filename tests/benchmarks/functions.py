"""A user's own function of a millisecond that returns a kilobyte of JSON, in both lanes.

Beside it Celery on RabbitMQ with its result backend on PostgreSQL, with the very same function.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from tests.benchmarks.figures import Effort, interleaved
from tests.benchmarks.peers import celery_results, lineup, millisecond
from tests.benchmarks.peers.contenders import Contender, RunningPeer, running
from tests.benchmarks.peers.reckoner_run import RunningReckoner
from tests.benchmarks.peers.work import Work, works
from tests.benchmarks.reckoner import reckoner
from tests.benchmarks.servers import Servers
from tests.benchmarks.throughput import measure
from tests.plug_ins import install_plug_in

#: Workers of the lane: as many as cores, and Celery has as many processes.
WORKERS = 2

#: Of each heavy worker: one calculation is claimed or stored while another is computed.
SLOTS = 2

#: How many calculations each gets: about 5 s of work.
_COUNTS = {"quick": 6_000, "default": 1_000, "celery": 2_500}

_TIMED_CALLS = 200


class _RunningCelery(RunningPeer):
    """Celery, whose results are in its own table."""

    def stored_count(self) -> int:
        exists = self.scalar("SELECT to_regclass('celery_taskmeta') IS NOT NULL")
        return int(self.scalar(celery_results.STORED)) if exists else 0

    def stored_results(self, keys: Sequence[int]) -> dict[int, str]:
        with self.database.begin() as connection:
            rows = connection.exec_driver_sql(celery_results.RESULTS)
            found = [json.loads(bytes(row.result)) for row in rows]
        wanted = set(keys)
        return {int(one["k"]): _text(one) for one in found if int(one["k"]) in wanted}


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure the three in turn; return their rates, and how many times Celery's ours are."""
    contenders: dict[str, Callable[[], AbstractContextManager[Contender]]] = {
        "quick": partial(_reckoner, servers, "quick_millisecond", quick=WORKERS),
        "default": partial(
            _reckoner, servers, "millisecond", quick=0, heavy=WORKERS, heavy_slots=SLOTS
        ),
        "celery": partial(running, servers, lineup.celery_results(), _RunningCelery),
    }
    cpu: dict[str, list[Mapping[str, float]]] = {name: [] for name in contenders}

    def measure_once(name: str) -> float:
        with contenders[name]() as contender:
            rate, microseconds = measure(contender, works(effort.count(_COUNTS[name])), _right)
        cpu[name].append(microseconds)
        print(f"functions: {name}: {rate:,.0f}/s", flush=True)
        return rate

    rates = interleaved({name: partial(measure_once, name) for name in contenders}, effort.rounds)
    celery = rates["celery"]["median"]
    return {
        "function_milliseconds": 1_000 * _alone(),
        "result_bytes": len(_right(Work(1, 1))),
        "workers": WORKERS,
        "contenders": {
            name: {
                "per_second": rate,
                "is_times_celery": rate["median"] / celery,
                "cpu_microseconds_per_calculation": {
                    part: statistics.median(run[part] for run in cpu[name]) for part in cpu[name][0]
                },
            }
            for name, rate in rates.items()
        },
    }


@contextmanager
def _reckoner(servers: Servers, function: str, **workers: int) -> Iterator[RunningReckoner]:
    package = servers.folder / "functions_of_a_millisecond"
    if not package.exists():
        module = millisecond.__name__
        names = ("millisecond", "quick_millisecond")
        install_plug_in(package, package.name, {name: f"{module}:{name}" for name in names})
    with reckoner(servers, environment={"PYTHONPATH": str(package)}, **workers) as contender:
        yield RunningReckoner(contender, partial(_body, function))


def _body(function: str, batch: Sequence[Work]) -> str:
    return json.dumps(
        {"calculations": [{"function": function, "arguments": {"k": one.k}} for one in batch]}
    )


def _right(one: Work) -> str:
    return _text(millisecond.digests(one.k))


def _text(found: Mapping[str, str]) -> str:
    """Return the JSON text as Reckoner stores it."""
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def _alone() -> float:
    """Return the seconds of one call of the function, by itself."""
    began = time.perf_counter()
    for k in range(_TIMED_CALLS):
        millisecond.digests(k)
    return (time.perf_counter() - began) / _TIMED_CALLS
