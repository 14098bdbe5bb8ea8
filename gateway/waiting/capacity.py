"""What is needed to compute accepted work (a relay, RabbitMQ, workers), and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.calculation import Lane
from shared.store.presence import SILENT_SECONDS, RelayState, count_slots, list_relays


@dataclass(frozen=True, slots=True)
class Capacity:
    """The relays, and the slots of the workers that are alive, according to PostgreSQL.

    A problem is a short reason for people to read, or None.
    """

    relays: Sequence[RelayState]
    slots: Mapping[Lane, int]

    @property
    def relay_problem(self) -> str | None:
        """Why nothing is published."""
        if not self.relays:
            return "no relay"
        silent_seconds = min(relay.silent_seconds for relay in self.relays)
        if silent_seconds > SILENT_SECONDS:
            return f"relay silent for {silent_seconds:.0f} s"
        return None

    @property
    def broker_problem(self) -> str | None:
        """Why RabbitMQ accepts nothing, in one lane or in all."""
        if self.relay_problem is not None:
            return f"unknown: {self.relay_problem}"
        problems = {lane: found for lane in Lane if (found := self._broker_problem(lane))}
        if len(problems) == len(Lane) and len(set(problems.values())) == 1:
            return next(iter(problems.values()))
        return "; ".join(f"{lane} lane: {found}" for lane, found in problems.items()) or None

    def worker_problem(self, lane: Lane) -> str | None:
        """Return why nothing in a lane is computed."""
        return None if self.slots.get(lane) else f"no {lane} worker"

    def can_compute(self, lane: Lane) -> bool:
        """Say whether work that is queued in a lane can be published and computed."""
        return (
            self.relay_problem is None
            and self._broker_problem(lane) is None
            and self.worker_problem(lane) is None
        )

    def _broker_problem(self, lane: Lane) -> str | None:
        """Return the problem with a lane if all relays that are alive have one."""
        alive = [relay for relay in self.relays if relay.silent_seconds <= SILENT_SECONDS]
        problems = [relay.problems.get(lane) for relay in alive]
        return problems[0] if all(problems) else None


def find_capacity(connection: Connection) -> Capacity:
    """Return the relays and workers there are."""
    return Capacity(list_relays(connection), count_slots(connection, SILENT_SECONDS))
