"""Adds what has finished to the running sum of stored results.

Nothing of it is on the way of a submission or a result: what finishes is found afterwards, by the
index on `finished_at`. Millions of rows of earlier versions are counted in the same way, from the
oldest on; until that is done, the sums are too small, and less is removed than could be.
"""

import logging
from datetime import timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from shared.errors import CountingTooSlow
from shared.postgres.outages import is_statement_cancelled
from shared.retention.pace import Pace
from shared.retention.slices import SliceLength
from shared.store.retention.counting import (
    GRACE_SECONDS,
    count_slice,
    discard_counts,
    find_beginning,
    find_bound,
    limit_statements,
)
from shared.store.retention.state import lock_retention

_FIRST_SLICE_SECONDS = 60.0
_LONGEST_SLICE_SECONDS = 365 * 86_400.0

#: As many calculations a slice is to have. Not as many as can be read in a certain time: where the
#: index has become wide, each slice takes the same time, and many short ones would take for ever.
_FEW, _MANY = 12_500, 50_000

#: A slice that takes longer is given up, and shortened by so much.
_LIMIT_SECONDS = 20.0
_AFTER_LIMIT = 8.0

_logger = logging.getLogger(__name__)


def count_finished(engine: Engine, pace: Pace, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Count all that has finished, except what transactions may still add to.

    Raises CountingTooSlow if not even the shortest slice of time can be read.
    """
    length = SliceLength(_FIRST_SLICE_SECONDS, _LONGEST_SLICE_SECONDS)
    is_more = True
    while is_more and not pace.is_stopping():
        try:
            with pace.step(), engine.begin() as connection:
                is_more = _count_next(connection, length, grace_seconds)
        except DBAPIError as error:
            if not is_statement_cancelled(error):
                raise
            if length.is_shortest:
                raise CountingTooSlow(
                    "Counting stored results takes too long. Run "
                    "`REINDEX INDEX CONCURRENTLY calculations_finished` as the owner of the tables."
                ) from error
            length.shorten(_AFTER_LIMIT)


def _count_next(connection: Connection, length: SliceLength, grace_seconds: float) -> bool:
    """Count the next slice; return whether there may be more."""
    counted_until = lock_retention(connection)
    bound = find_bound(connection, counted_until, grace_seconds)
    if bound.is_set_back:
        _logger.warning("PostgreSQL's clock was set back: stored results are counted anew")
        discard_counts(connection)
        counted_until = None
    limit_statements(connection, _LIMIT_SECONDS)
    if counted_until is None:
        counted_until = find_beginning(connection)
    if counted_until >= bound.countable_until:
        return False
    end = min(counted_until + timedelta(seconds=length.seconds), bound.countable_until)
    count = count_slice(connection, counted_until, end)
    if count < _FEW:
        length.lengthen()
    elif count > _MANY:
        length.shorten()
    return end < bound.countable_until
