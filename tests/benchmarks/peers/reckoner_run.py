"""Reckoner as a contender of the throughput suite: batches over HTTP through NGINX.

Equal calculations are one calculation here, and only 5,001 have an n that the suite uses. So the
processes get one more function by an entry point, as any package could bring it: the very same
fibonacci(n), with another argument `k` that makes calculations distinct and is otherwise ignored.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

from reckoner import Digits, Estimate, Ge, Le, Progress, Residue, function
from shared.functions.fibonacci import MAX_N, estimate, fibonacci, residue
from tests.benchmarks.peers.contenders import queues_are_empty, submission
from tests.benchmarks.peers.lineup import post
from tests.benchmarks.peers.work import Work, batches
from tests.benchmarks.reckoner import Reckoner, reckoner
from tests.benchmarks.servers import Servers
from tests.plug_ins import install_plug_in

NAME = "numbered_fibonacci"

_CLIENTS = 3


def _estimate_of_n(n: int, k: int) -> Estimate:
    return estimate(n)


def _residue_of_n(n: int, k: int, modulus: int) -> int:
    return residue(n, modulus)


@function(estimate=_estimate_of_n, check=Residue(_residue_of_n))
def numbered_fibonacci(
    n: Annotated[int, Ge(0), Le(MAX_N)],
    k: Annotated[int, Ge(0), Le(10**12)],
    progress: Progress,
) -> Digits | Iterator[Digits]:
    """The n-th Fibonacci number, computed again for each k."""
    found: Digits | Iterator[Digits] = fibonacci(n, progress)
    return found


_BY_KEY = """
    SELECT CAST(arguments ->> 'k' AS bigint) AS k, result_value
    FROM calculations WHERE CAST(arguments ->> 'k' AS bigint) = ANY (%s)"""


class RunningReckoner:
    """A running Reckoner, as the throughput suite sees it.

    `body` writes what is posted for some works.
    """

    def __init__(self, contender: Reckoner, body: Callable[[Sequence[Work]], str]) -> None:
        self._reckoner = contender
        self._body = body

    def submit(self, works: Sequence[Work]) -> dict[str, float]:
        path = self._reckoner.folder / "bodies"
        path.write_text("".join(f"{self._body(batch)}\n" for batch in batches(works)))
        return submission(post(f"{self._reckoner.url}/calculations/batch", _CLIENTS, path))

    def is_finished(self, count: int) -> bool:  # noqa: ARG002
        self._reckoner.programs.check()
        unfinished = "SELECT EXISTS (SELECT FROM calculations WHERE status <> 'succeeded')"
        return not self._reckoner.scalar(unfinished)

    def stored_count(self) -> int:
        query = "SELECT count(*) FROM calculations WHERE status = 'succeeded'"
        count: int = self._reckoner.scalar(query)
        return count

    def stored_results(self, keys: Sequence[int]) -> dict[int, str]:
        with self._reckoner.database.begin() as connection:
            found = connection.exec_driver_sql(_BY_KEY, (list(keys),))
            return {row.k: row.result_value for row in found}

    def is_drained(self) -> bool:
        return queues_are_empty(self._reckoner.servers, self._reckoner.broker_url)

    def cpu_seconds(self) -> Mapping[str, float]:
        return self._reckoner.cpu_seconds()


@contextmanager
def running_reckoner(servers: Servers, *, quick: int) -> Iterator[RunningReckoner]:
    """Run Reckoner with the further function for a while."""
    package = servers.folder / "numbered_fibonacci"
    if not package.exists():
        install_plug_in(package, "numbered-fibonacci", {NAME: f"{__name__}:{NAME}"})
    with reckoner(servers, quick=quick, environment={"PYTHONPATH": str(package)}) as contender:
        yield RunningReckoner(contender, _body)


def _body(batch: Sequence[Work]) -> str:
    return json.dumps(
        {"calculations": [{"function": NAME, "arguments": one._asdict()} for one in batch]}
    )
