"""Runs of many faults, one at a time in each copy, and their outcomes."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.mutants.copies import Copy, TestsNotRun, Verdict


@dataclass(frozen=True, slots=True)
class Job:
    """A fault in a part of the product, and how to try it in a copy."""

    area: str
    name: str
    run: Callable[[Copy], Verdict]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault; `reason` says why it was not run."""

    area: str
    name: str
    verdict: Verdict
    reason: str = ""


def run_all(trees: Sequence[Copy], jobs: Sequence[Job]) -> list[Outcome]:
    """Run the jobs, one at a time in each copy; print each outcome as it comes.

    A fault that cannot be tried has the verdict NOT_RUN. Any other error ends all jobs.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def work(tree: Copy) -> None:
        while not errors:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            try:
                outcome = _outcome(job, tree)
            except BaseException as error:  # raised again by the main thread
                errors.append(error)
                return
            outcomes.append(outcome)
            seconds = time.monotonic() - began
            done = f"{len(outcomes)}/{len(jobs)}"
            print(f"{done} {outcome.verdict.value} in {seconds:.0f} s: {outcome.name}", flush=True)

    threads = [threading.Thread(target=work, args=(tree,), daemon=True) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return outcomes


def _outcome(job: Job, tree: Copy) -> Outcome:
    try:
        return Outcome(job.area, job.name, job.run(tree))
    except (TestsNotRun, ValueError, OSError) as error:  # the code or the tests have changed
        return Outcome(job.area, job.name, Verdict.NOT_RUN, str(error))


def not_run(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return those that could not be tried."""
    return [outcome for outcome in outcomes if outcome.verdict is Verdict.NOT_RUN]


def by_area(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return for each area how many were caught, of how many that were tried."""
    areas: dict[str, tuple[int, int]] = {}
    for outcome in outcomes:
        if outcome.verdict is not Verdict.NOT_RUN:
            caught, total = areas.get(outcome.area, (0, 0))
            is_caught = outcome.verdict is not Verdict.SURVIVED
            areas[outcome.area] = (caught + is_caught, total + 1)
    return dict(sorted(areas.items()))
