"""Stopping programs: each as soon as what needs it has stopped, the others at the same time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from compose.local.program import Program

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Stop:
    """Programs to stop together, after the steps of these names."""

    step: str
    programs: Sequence[Program]
    after: Sequence[str] = ()


def stop_all(
    stops: Sequence[Stop], hurry: Callable[[], bool], stopped: Callable[[str], None]
) -> None:
    """Stop everything; `stopped` is called with each step that has ended.

    Once `hurry` returns true, nothing waits for what needs it any more. Raises the first error of
    a program's stop after all have ended.
    """
    ended = {stop.step: threading.Event() for stop in stops}

    def may_begin(stop: Stop) -> bool:
        return all(ended[step].is_set() for step in stop.after) or hurry()

    def run(stop: Stop) -> None:
        pause = threading.Event()
        while not may_begin(stop):
            pause.wait(_POLL_SECONDS)
        try:
            with ThreadPoolExecutor(max_workers=max(1, len(stop.programs))) as threads:
                list(threads.map(lambda program: program.stop(hurry), stop.programs))
        finally:
            ended[stop.step].set()
            stopped(stop.step)

    with ThreadPoolExecutor(max_workers=len(stops)) as threads:
        for result in [threads.submit(run, stop) for stop in stops]:
            result.result()
