"""What is said by NOTIFY, heard as gateways and relays hear it."""

import select
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2.extensions

from shared.config import Settings
from shared.postgres.connections import connect_to_listen
from shared.store.notifications import CHANGED, OUTBOX, read_changed


class Heard:
    """The payloads that have come, by channel."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection
        self._payloads: defaultdict[str, list[str]] = defaultdict(list)

    def changed(self) -> list[str]:
        """Return the ids of the calculations that have changed, once for each time."""
        return [str(one) for payload in self._of(CHANGED) for one in read_changed(payload)]

    def outbox(self) -> list[str]:
        """Return what relays have been told."""
        return self._of(OUTBOX)

    def _of(self, channel: str) -> list[str]:
        connection = self._connection
        until = time.monotonic() + 0.05  # what was committed before is on its way
        while select.select([connection], [], [], max(0.0, until - time.monotonic()))[0]:
            connection.poll()
            for one in connection.notifies:
                self._payloads[one.channel].append(one.payload)
            connection.notifies.clear()
        return self._payloads[channel]


@contextmanager
def listening(settings: Settings) -> Iterator[Heard]:
    """Hear all that is said from now on."""
    with closing(connect_to_listen(settings, CHANGED, OUTBOX, name="a test that listens")) as one:
        yield Heard(one)
