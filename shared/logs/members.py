"""The members by which the log lines of a calculation are found, in every process the same.

`calculation_id`, `request_id`, `trace_id` and `key` (the name of the API key), each only where it
is known. Lines that are about several calculations name them in `calculation_ids` and so on, so
that one grep for an id finds all lines about it.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

#: How many calculations one line names. With ids of the usual length it is shorter than 4 KiB
#: then, and the lines of two processes that write into one pipe do not mix.
LINE_CALCULATIONS = 25

#: Where the trace id is in a traceparent, whose version is always 00 (gateway/http/trace_context).
_TRACE_ID = slice(3, 35)


class Traced(Protocol):
    """A calculation, and the request that it belongs to."""

    @property
    def calculation_id(self) -> UUID:
        """The id of the calculation."""

    @property
    def request_id(self) -> str | None:
        """The id of the request that queued it."""

    @property
    def key_name(self) -> str | None:
        """The name of the key that queued it."""

    @property
    def traceparent(self) -> str | None:
        """The trace context of that request."""


def extra_members(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """Yield what was passed to a record as `extra`, without what is None."""
    for name, value in vars(record).items():
        if value is not None and name not in _STANDARD:
            yield name, value


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the trace id in a trace context."""
    return None if traceparent is None else traceparent[_TRACE_ID]


def members_of(calculations: Sequence[Traced]) -> dict[str, object]:
    """Return the members of a line about these calculations, at most LINE_CALCULATIONS."""
    if len(calculations) == 1:
        [one] = calculations
        return {
            "calculation_id": one.calculation_id,
            "request_id": one.request_id,
            "key": one.key_name,
            "trace_id": trace_id_of(one.traceparent),
        }
    return {
        "calculation_ids": [str(one.calculation_id) for one in calculations],
        "request_ids": _distinct(one.request_id for one in calculations),
        "keys": _distinct(one.key_name for one in calculations),
        "trace_ids": _distinct(trace_id_of(one.traceparent) for one in calculations),
    }


def _distinct(values: Iterable[str | None]) -> list[str] | None:
    found = list(dict.fromkeys(value for value in values if value is not None))
    return found or None


def log_calculations(
    logger: logging.Logger, what: str, calculations: Sequence[Traced], level: int = logging.INFO
) -> None:
    """Log that something happened to these calculations: a line for as many as one can name.

    A line for each would cost more than the rest of the way of a quick calculation does.
    """
    if not logger.isEnabledFor(level):
        return
    for first in range(0, len(calculations), LINE_CALCULATIONS):
        named = calculations[first : first + LINE_CALCULATIONS]
        count = "a calculation" if len(named) == 1 else f"{len(named)} calculations"
        logger.log(level, what, count, extra=members_of(named))


def log_ids(
    logger: logging.Logger, level: int, what: str, ids: Collection[UUID], **members: object
) -> None:
    """Log that something happened to the calculations with these ids, as `log_calculations` does.

    For rare events: every calculation is named.
    """
    all_ids = list(ids)
    for first in range(0, len(all_ids), LINE_CALCULATIONS):
        named = all_ids[first : first + LINE_CALCULATIONS]
        if len(named) == 1:
            logger.log(level, what, "a calculation", extra={"calculation_id": named[0], **members})
        else:
            count = f"{len(named)} calculations"
            logger.log(level, what, count, extra={"calculation_ids": named, **members})
