"""`python -m pytest tests/faults/soak.py`: random faults for a long time, and one audit at the end.

Not collected with the others. SOAK_SECONDS (1,200) and SOAK_SEED (a new one) are read from the
environment.
"""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from compose.services import process_table
from shared.calculation import Lane
from shared.crash_points import (
    HEAVY_AFTER_CLAIM,
    HEAVY_BEFORE_FINISH,
    QUICK_BEFORE_ACKNOWLEDGE,
    QUICK_BEFORE_COMMIT,
    RELAY_BEFORE_MARK,
)
from tests.eventually import eventually
from tests.faults.audit import audit
from tests.faults.load import Load, heavy_ones, quick_ones, small_ones
from tests.faults.settings import LEASE_SECONDS
from tests.faults.stack import HEAVY, PROGRAMS, WORKERS, Stack
from tests.faults.test_database import stop_at_once

_SECONDS = float(os.environ.get("SOAK_SECONDS") or 1_200)
_SEED = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))

#: More than this many unfinished, and nothing is submitted until they are fewer.
_MOST_IN_FLIGHT = 3_000

_PAUSE_SECONDS = (2.0, 8.0)
_AUDIT_SECONDS = 600.0


class Faults:
    """One method for each; all of them come to an end by themselves."""

    def __init__(self, stack: Stack, chance: random.Random) -> None:
        self._stack = stack
        self._chance = chance

    def all(self) -> list[Callable[[], None]]:
        names = [name for name in vars(type(self)) if name.startswith("fault_")]
        return [getattr(self, name) for name in names]

    def fault_kill_a_process(self) -> None:
        self._stack.supervisor.kill(self._chance.choice(list(PROGRAMS)))

    def fault_kill_a_gateway_worker(self) -> None:
        eventually(self._one_gateway_worker_is_killed, what="a gateway worker that can be killed")

    def _one_gateway_worker_is_killed(self) -> bool:
        parent = self._stack.program("gateway").pid
        for entry in process_table.living():
            if entry.parent == parent:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(entry.pid, signal.SIGKILL)
                    return True
        return False

    def fault_crash_at_a_point(self) -> None:
        name, point = self._chance.choice(
            [
                ("relay", RELAY_BEFORE_MARK),
                ("quick", QUICK_BEFORE_COMMIT),
                ("quick", QUICK_BEFORE_ACKNOWLEDGE),
                ("heavy-1", HEAVY_AFTER_CLAIM),
                ("heavy-2", HEAVY_BEFORE_FINISH),
            ]
        )
        self._stack.supervisor.restart(name, crash_point=point)

    def fault_restart_a_process(self) -> None:
        self._stack.supervisor.restart(self._chance.choice(list(PROGRAMS)))

    def fault_pause_a_worker(self) -> None:
        program = self._stack.program(self._chance.choice(WORKERS))
        program.send(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.5, 2 * LEASE_SECONDS))
        program.send(signal.SIGCONT)

    def fault_kill_rabbitmq(self) -> None:
        self._stack.rabbitmq.kill()
        time.sleep(self._chance.uniform(0, 5))
        self._stack.rabbitmq.start()
        self._stack.rabbitmq.wait_ready()

    def fault_wipe_rabbitmq(self) -> None:
        self._stack.rabbitmq.lose_everything()

    def fault_kill_postgresql(self) -> None:
        stop_at_once(self._stack)
        time.sleep(self._chance.uniform(0, 5))
        self._stack.postgres.start()
        self._stack.postgres.wait_ready()

    def fault_purge_a_queue(self) -> None:
        self._stack.transport.purge(self._chance.choice(list(Lane)))

    def fault_delete_a_queue(self) -> None:
        self._stack.transport.delete(self._chance.choice(list(Lane)))

    def fault_cut_a_link(self) -> None:
        self._chance.choice(self._stack.links).cut()

    def fault_freeze_a_link(self) -> None:
        link = self._chance.choice(self._stack.links)
        link.freeze()
        time.sleep(self._chance.uniform(1, 20))
        link.repair()

    def fault_slow_a_link(self) -> None:
        link = self._chance.choice(self._stack.links)
        link.slow(self._chance.uniform(0.01, 0.5))
        time.sleep(self._chance.uniform(1, 10))
        link.repair()


@pytest.mark.timeout(_SECONDS + 2 * _AUDIT_SECONDS)
def test_soak(stack, capsys):
    chance = random.Random(_SEED)
    load = Load(stack)
    faults = Faults(stack, chance)
    # Random faults hit one calculation more often than the usual number of attempts forgives.
    for name in ("relay", *HEAVY):
        stack.program(name).always(max_attempts=1_000)
        stack.supervisor.restart(name)
    began = time.monotonic()
    counts: Counter[str] = Counter()
    while time.monotonic() - began < _SECONDS:
        submit(stack, load, chance)
        fault = chance.choice(faults.all())
        name = fault.__name__.removeprefix("fault_")
        with capsys.disabled():
            print(  # noqa: T201 (for whoever watches)
                f"\nseed {_SEED}, {time.monotonic() - began:5.0f} s, "
                f"{len(load.accepted):,} accepted: {name}",
                end="",
            )
        fault()  # one that cannot be done fails the soak: it would not have been tested
        counts[name] += 1
        time.sleep(chance.uniform(*_PAUSE_SECONDS))
    for link in stack.links:
        link.repair()
    audit(stack, load.accepted, within_seconds=_AUDIT_SECONDS)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nseed {_SEED}: {counts.total()} faults, {len(load.accepted):,} accepted, none lost"
            f"\n{', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}"
        )


def submit(stack: Stack, load: Load, chance: random.Random) -> None:
    """Keep some work in flight, of all kinds."""
    in_flight = stack.in_flight()
    if in_flight[Lane.QUICK] < _MOST_IN_FLIGHT:
        load.submit(quick_ones(chance.randrange(200)), small_ones(chance.randrange(800)))
    if in_flight[Lane.HEAVY] < 20:
        load.submit(heavy_ones(chance.randrange(6)))
