"""What the log says of submissions: the first line about each calculation.

It is written once the calculation is durable. Calculations that one statement has stored share a
line, and a batch has one, which names them if they are few; the relay's lines name them all.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shared.calculation import Status
from shared.logs.members import LINE_CALCULATIONS, log_calculations, trace_id_of
from shared.store.calculations import Row
from shared.store.new_calculations import New

_logger = logging.getLogger(__name__)


def log_stored(new: Sequence[New], rows: Mapping[UUID, Row]) -> None:
    """Log which of these are new: queued, or computed in their requests."""
    if not rows:
        return
    queued: list[New] = []
    computed: list[New] = []
    for one in new:
        row = rows.get(one.calculation.id)
        if row is not None:
            (queued if row.status == Status.QUEUED else computed).append(one)
    log_calculations(_logger, "Accepted %s", queued)
    log_calculations(_logger, "Computed %s in the request", computed)


def log_batch(
    new: Collection[UUID], request_id: str, key_name: str | None, traceparent: str | None
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
