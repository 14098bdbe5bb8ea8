"""Whether what is published is computed."""

from collections.abc import Iterator, Sequence

from shared.calculation import Lane
from shared.diagnosis.problem import Problem, Severity, counted
from shared.store.presence import WorkerState


def worker_problems(
    lane: Lane,
    workers: Sequence[WorkerState],
    waiting: int,
    installed: frozenset[str],
    *,
    where: str,
) -> Iterator[Problem]:
    """Yield that a lane has no worker, or which functions its workers lack.

    `waiting` calculations are queued, and `installed` are the functions that `where` has.
    """
    there = [worker for worker in workers if worker.lane == lane]
    if not there:
        wait = f", and {counted(waiting, 'calculation', 'wait')} for one" if waiting else ""
        yield Problem(
            Severity.FAULT,
            f"No {lane} worker is alive{wait}.",
            f"Start one: `python -m workers {lane}`, in Docker Compose the service {lane}.",
        )
        return
    known = [frozenset(one.offers) for one in there if one.offers is not None]
    if not known:
        return
    everywhere, somewhere = frozenset.intersection(*known), frozenset.union(*known)
    if missing := installed - somewhere:
        yield Problem(
            Severity.FAULT,
            f"No {lane} worker has {_listed(missing)}, which {where} has.",
            "Install the same packages where the workers run, and start them again.",
        )
    if partly := somewhere - everywhere:
        yield Problem(
            Severity.WARNING,
            f"Not every {lane} worker has {_listed(partly)}.",
            "Install the same packages on all hosts: the others hand such work back.",
        )


def _listed(offers: frozenset[str]) -> str:
    return ", ".join(sorted(offers))
