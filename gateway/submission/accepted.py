"""What the log says of submissions: the first line about each calculation.

It is written once the calculation is durable. A batch has a line of its own, which names its
calculations if they are few; the relay's lines name them all.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shared.calculation import Lane
from shared.logs.bundles import CalculationLog
from shared.logs.members import LINE_CALCULATIONS, trace_id_of
from shared.store.new_calculations import New

_logger = logging.getLogger(__name__)


class AcceptedLog:
    """The log of one process's submissions."""

    def __init__(self) -> None:
        self._queued = {
            lane: CalculationLog(
                _logger, f"Accepted %s for the {lane} lane", names_all=lane is Lane.HEAVY
            )
            for lane in Lane
        }
        self._computed = CalculationLog(_logger, "Computed %s in the request")

    def add(self, new: Sequence[New], rows: Mapping[UUID, object]) -> None:
        """Log those that have a row: they are new, and queued or computed in their requests."""
        if not _logger.isEnabledFor(logging.INFO):
            return
        there = [one for one in new if one.calculation.id in rows]
        computed = [one for one in there if one.result is not None]
        self._computed.add(computed)
        if len(computed) < len(there):
            for lane, log in self._queued.items():
                log.add([o for o in there if o.result is None and o.calculation.lane is lane])

    def add_batch(
        self,
        new: Collection[UUID],
        request_id: str,
        key_name: str | None,
        traceparent: str | None,
    ) -> None:
        """Log how many calculations of a batch are new."""
        members: dict[str, object] = {
            "request_id": request_id,
            "key": key_name,
            "trace_id": trace_id_of(traceparent),
        }
        if 0 < len(new) <= LINE_CALCULATIONS:
            members["calculation_ids"] = list(new)
        _logger.info("Accepted %d new calculations of a batch", len(new), extra=members)
