"""Steps of tests of the heavy lane: what clients, relays and the kernel do to a calculation."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from shared.calculation import Calculation, Lane
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from tests.children import calculating_children_of
from tests.eventually import eventually
from tests.integration.lanes import Feed, body_of, make_test_calculation


@dataclass
class Hold:
    """What calculations of `wait_for_release` wait for."""

    _file: Path

    def release(self) -> None:
        self._file.unlink()


def make_heavy(name: str, n: int = 10) -> Calculation:
    """Return a heavy calculation of a function that only tests have."""
    return make_test_calculation(name, n, Lane.HEAVY)


def cancel(feed: Feed, calculation: Calculation) -> None:
    """Cancel it, as a client does."""
    with feed.engine.begin() as connection:
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)


def publish_once_due(feed: Feed, calculation: Calculation) -> None:
    """Publish one that is queued again, as the relay does after its pause."""
    due = "UPDATE calculations SET published_at = now() WHERE id = :id AND not_before <= now()"
    eventually(lambda: feed.execute(f"{due} AND status = 'queued'", id=calculation.id))
    feed.publish(Lane.HEAVY, body_of(calculation))


def outcomes(feed: Feed, calculation: Calculation) -> list[str]:
    """Return how its attempts have ended."""
    return [entry["outcome"] for entry in feed.row(calculation).history]


def kill_child(feed: Feed, worker_pid: int, calculation: Calculation) -> None:
    """Kill its process as soon as it computes, and wait for the end of its attempt."""
    before = len(outcomes(feed, calculation))
    child = eventually(lambda: calculating_children_of(worker_pid))[0]
    os.kill(child, signal.SIGKILL)
    eventually(lambda: len(outcomes(feed, calculation)) > before)


def kill_for_lack_of_memory(feed: Feed, calculation: Calculation, oom_kills) -> None:
    """Do what the kernel does to the one that runs in this process's worker, and count it."""
    eventually(lambda: feed.row(calculation).progress > 0)
    oom_kills["kills"] += 1
    kill_child(feed, os.getpid(), calculation)
