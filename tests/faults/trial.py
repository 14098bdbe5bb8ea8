"""One fault, from the load before it to the audit after it, and the row that it leaves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared.calculation import Lane
from tests.eventually import eventually
from tests.faults.audit import audit
from tests.faults.bounds import Bound
from tests.faults.load import Load, heavy_ones, quick_ones
from tests.faults.settings import PREFETCH
from tests.faults.stack import Stack

#: More than a thousand of these are still in flight when the fault comes.
_QUICK = 2_500
_HEAVY = 20

#: In a short run, with a fifth of the heavy ones: still more than a quick worker holds, so that
#: some are in its hands and some with RabbitMQ.
_SHORT_QUICK = 3 * PREFETCH
_SHORT_SHARE = 5

_AUDIT_SECONDS = 150.0

#: How much longer than its bound a recovery is waited for, to report how long it took.
_OVERTIME_SECONDS = 20.0


@dataclass(frozen=True)
class Outcome:
    """A row of the table in docs/explanation/reliability.md."""

    fault: str
    in_flight: str
    recovered_seconds: float
    bound_seconds: float
    bound: str


class Trial:
    """What a fault test does in turn: load, fault, recovery within a bound, audit."""

    def __init__(
        self, stack: Stack, record: Callable[[Outcome], None], *, is_short: bool = False
    ) -> None:
        self.stack = stack
        self._is_short = is_short
        self.load = Load(stack)
        self._record = record
        self._fault = ""
        self._in_flight = ""
        self._hit_at = 0.0
        self._outcome: Outcome | None = None

    def fill(self, *, quick: int = _QUICK, heavy: int = _HEAVY) -> list[UUID]:
        """Have a load in flight, less in a short run; return the ids of the heavy ones."""
        if self._is_short:
            quick, heavy = min(quick, _SHORT_QUICK), heavy // _SHORT_SHARE
        self.load.submit(quick_ones(quick))
        return self.load.submit(heavy_ones(heavy))

    def hit(self, fault: str, *, at_least_quick: int = 0, at_least_heavy: int = 0) -> None:
        """Note what is in flight: the fault comes now."""
        counts = self.stack.in_flight()
        if self._is_short:
            at_least_quick = min(at_least_quick, PREFETCH + 1)
            at_least_heavy //= _SHORT_SHARE
        assert counts[Lane.QUICK] >= at_least_quick, counts
        assert counts[Lane.HEAVY] >= at_least_heavy, counts
        self._fault = fault
        self._in_flight = f"{counts[Lane.QUICK]:,} quick, {counts[Lane.HEAVY]:,} heavy"
        self._hit_at = time.monotonic()

    def clock(self) -> None:
        """Measure the recovery from now on: what failed is there again."""
        self._hit_at = time.monotonic()

    def recovers(self, condition: Callable[[], object], bound: Bound) -> None:
        """Wait until the condition holds; fail if that takes longer than `measured` allows."""
        limit = self._allowed(bound) + _OVERTIME_SECONDS
        eventually(
            condition,
            within_seconds=max(0.0, limit - (time.monotonic() - self._hit_at)),
            what=f"recovery from: {self._fault}",
        )
        self.measured(time.monotonic() - self._hit_at, bound)

    def measured(self, seconds: float, bound: Bound) -> None:
        """Take how long a recovery took; fail if it was more than the bound allows."""
        assert seconds <= self._allowed(bound), (
            f"{self._fault}: recovered in {seconds:.1f} s, and the bound is {bound[0]:g} s "
            f"({bound[1]}); starting a process took {self.stack.start_seconds:.1f} s here"
        )
        self._outcome = Outcome(self._fault, self._in_flight, seconds, *bound)

    def _allowed(self, bound: Bound) -> float:
        """Return the bound plus the time that a busy machine needs to start one process."""
        return bound[0] + self.stack.start_seconds

    def resumes(self, bound: Bound, *, held: int = 0) -> None:
        """Wait until work is accepted and there are more new results than quick workers held."""
        before = self.finished_quick()
        self.load.submit(quick_ones(1))
        target = min(before + held + 1, before + self.stack.in_flight()[Lane.QUICK])
        self.recovers(lambda: self.finished_quick() >= target, bound)

    def end(self) -> None:
        """Audit everything, and leave the row."""
        for link in self.stack.links:
            link.repair()
        audit(self.stack, self.load.accepted, within_seconds=_AUDIT_SECONDS)
        assert self._outcome is not None, "nothing was measured"
        self._record(self._outcome)

    # By what a recovery is recognised.

    def finished_quick(self) -> int:
        """Count the results of quick workers."""
        found: int = self.stack.scalar(
            "SELECT count(*) FROM calculations WHERE finished_at IS NOT NULL AND lane = 'quick'"
        )
        return found

    def is_final(self, identity: UUID) -> bool:
        return bool(
            self.stack.scalar(
                "SELECT finished_at IS NOT NULL FROM calculations WHERE id = :id", id=identity
            )
        )

    def attempt(self, identity: UUID) -> int:
        found: int = self.stack.scalar(
            "SELECT attempt FROM calculations WHERE id = :id", id=identity
        )
        return found

    def is_back(self, identity: UUID, attempt: int) -> bool:
        """Return whether it is in the queue again after this attempt, or further."""
        row = self.stack.rows(
            "SELECT status, attempt, published_at FROM calculations WHERE id = :id", id=identity
        )[0]
        is_queued = row.status == "queued" and row.published_at is not None
        return is_queued or row.attempt > attempt or self.is_final(identity)

    def claimed_by(self, name: str, *, among: list[UUID] | None = None) -> UUID:
        """Wait until this worker runs something whose child has begun; return its id."""

        def running() -> UUID | None:
            pids = self.stack.program(name).worker_pids
            found = self.stack.rows(
                "SELECT calculations.id FROM calculations JOIN workers ON worker_id = workers.id "
                "WHERE status = 'running' AND pid = ANY (:pids) AND lease_until > now()",
                pids=pids,
            )
            if not found or not self.stack.children(name):
                return None
            identity: UUID = found[0].id
            return identity if among is None or identity in among else None

        found = eventually(running, within_seconds=90, what=f"something that {name} runs")
        assert found is not None
        return found
