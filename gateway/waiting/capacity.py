"""What accepted work needs to be computed, besides the gateway: a relay, RabbitMQ, workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.calculation import Lane
from shared.store.presence import RelayState, count_slots, list_relays

#: A process that has said nothing for so long is taken for gone.
SILENT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The relays, and the slots of the workers that are alive, as PostgreSQL knows them.

    Each question is answered by a reason in words, or None if all is well.
    """

    relays: Sequence[RelayState]
    slots: Mapping[Lane, int]

    @property
    def relay_fault(self) -> str | None:
        """Say why nothing is published."""
        if not self.relays:
            return "no relay"
        silent_seconds = min(relay.silent_seconds for relay in self.relays)
        if silent_seconds > SILENT_SECONDS:
            return f"relay silent for {silent_seconds:.0f} s"
        return None

    @property
    def broker_fault(self) -> str | None:
        """Say what RabbitMQ takes nothing of, and why."""
        if self.relay_fault is not None:
            return f"unknown: {self.relay_fault}"
        faults = {lane: fault for lane in Lane if (fault := self._lane_fault(lane)) is not None}
        if len(faults) == len(Lane) and len(set(faults.values())) == 1:
            return next(iter(faults.values()))
        return "; ".join(f"{lane} lane: {fault}" for lane, fault in faults.items()) or None

    def worker_fault(self, lane: Lane) -> str | None:
        """Say that nobody computes what is in a lane."""
        return None if self.slots.get(lane) else f"no {lane} worker"

    def is_passable(self, lane: Lane) -> bool:
        """Say whether what waits in a lane can come to its end."""
        return self.worker_fault(lane) is None and self.broker_fault_of(lane) is None

    def broker_fault_of(self, lane: Lane) -> str | None:
        """Say why nothing comes into a lane's queue."""
        return self.relay_fault or self._lane_fault(lane)

    def _lane_fault(self, lane: Lane) -> str | None:
        """Return the problem that all relays that are alive have with a lane."""
        alive = [relay for relay in self.relays if relay.silent_seconds <= SILENT_SECONDS]
        problems = [relay.problems.get(lane) for relay in alive]
        return problems[0] if all(problems) else None


def find_neighbours(connection: Connection) -> Neighbours:
    """Look who is there."""
    return Neighbours(list_relays(connection), count_slots(connection, SILENT_SECONDS))
