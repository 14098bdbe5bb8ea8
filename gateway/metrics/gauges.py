"""How a gateway process is now: who waits, and how much of its connections is used."""

from gateway.database.database import Database
from gateway.waiting.lists import Lists
from gateway.waiting.waiters import Waiters
from shared.metrics.catalogue import (
    CONNECTIONS_IN_USE,
    EVENT_STREAMS,
    REQUESTS_WAITING,
    WAITERS,
)
from shared.metrics.counters import Counters


def note_gauges(counters: Counters, database: Database, waiters: Waiters, lists: Lists) -> None:
    """Note how the process is."""
    counters.set_gauge(WAITERS, waiters.count + lists.streams)
    counters.set_gauge(EVENT_STREAMS, waiters.streams + lists.streams)
    counters.set_gauge(CONNECTIONS_IN_USE, sum(one.in_use for one in database.usage))
    counters.set_gauge(REQUESTS_WAITING, sum(one.waiting for one in database.usage))
