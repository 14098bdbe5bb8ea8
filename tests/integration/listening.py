"""The notifications that gateways and relays receive (NOTIFY), received by a test."""

import select
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

import psycopg2.extensions

from shared.config import Settings
from shared.postgres.connections import connect_to_listen
from shared.store.notifications import CHANGED, OUTBOX, read_changed

_MARKER = "marker_of_a_test"


class Heard:
    """The payloads that have been received, by channel."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection
        self._markers = count()
        self._payloads: defaultdict[str, list[str]] = defaultdict(list)

    def changed(self) -> list[str]:
        """Return the ids of the calculations that have changed, once for each change."""
        return [str(one) for payload in self._of(CHANGED) for one in read_changed(payload)]

    def outbox(self) -> list[str]:
        """Return the payloads that relays receive."""
        return self._of(OUTBOX)

    def _of(self, channel: str) -> list[str]:
        """Return all payloads of the transactions that have committed until now."""
        # PostgreSQL delivers in the order of commits, so a marker comes after them.
        marker = str(next(self._markers))
        with self._connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {_MARKER}, '{marker}'")
        while marker not in self._payloads[_MARKER]:
            for one in self._connection.notifies:
                self._payloads[one.channel].append(one.payload)
            self._connection.notifies.clear()
            if marker not in self._payloads[_MARKER]:
                assert select.select([self._connection], [], [], 10)[0], "no notification"
                self._connection.poll()
        return self._payloads[channel]


@contextmanager
def listening(settings: Settings) -> Iterator[Heard]:
    """Receive all notifications from now on."""
    connection = connect_to_listen(
        settings.sqlalchemy_url, CHANGED, OUTBOX, _MARKER, name="a test that listens"
    )
    with closing(connection):
        yield Heard(connection)
