"""PostgreSQL's NOTIFY: who listens on which channel, and what the payloads contain.

A transaction that notifies holds a lock during its commit, for which all others that notify wait.
So a batch of rows is notified once, and never row by row.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.postgres.prepared import Prepared, Query

#: From the gateway to the relay: there are calculations to publish.
OUTBOX = "reckoner_outbox"

#: From heavy workers to the relay: one calculation was claimed, or handed back (RETURNED).
CLAIMED = "reckoner_claimed"

#: The payload on CLAIMED for one that was handed back.
RETURNED = "returned"

#: From the gateway to the relay: there is a request to put dead letters back.
REDRIVES = "reckoner_redrives"

#: From workers and the relay to the gateways: these calculations have changed.
CHANGED = "reckoner_changed"

_NOTIFY = text("SELECT pg_notify(:channel, :payload)")

#: For the RETURNING of a statement that changes one calculation: notifies the gateways of it.
NOTIFYING_CHANGED = f"pg_notify('{CHANGED}', replace(CAST(id AS text), '-', ''))"

#: For the RETURNING of a statement that claims one calculation: notifies the relay of it.
NOTIFYING_CLAIMED = f"pg_notify('{CLAIMED}', '')"

_WAKE_RELAY = Prepared("wake_relay", ("text",), f"SELECT pg_notify('{OUTBOX}', $1)")

#: A payload has at most 7,999 bytes; an id and its comma take 33.
IDS_PER_PAYLOAD = 240


def wake_relay(lanes: Iterable[Lane]) -> Query[None]:
    """Notify the relay that these lanes have calculations to publish."""
    return Query(_WAKE_RELAY, (",".join(lanes),), lambda _: None)


def notify_outbox(connection: Connection, lanes: Iterable[Lane]) -> None:
    """Notify the relay when this transaction commits."""
    wake_relay(lanes).on(connection)


def notify_redrives(connection: Connection) -> None:
    """Notify the relay of a request to put dead letters back when this transaction commits."""
    connection.execute(_NOTIFY, {"channel": REDRIVES, "payload": ""})


def notify_returned(connection: Connection) -> None:
    """Notify the relay that a heavy worker has handed a calculation back instead of claiming it."""
    connection.execute(_NOTIFY, {"channel": CLAIMED, "payload": RETURNED})


def read_outbox(payload: str) -> set[Lane]:
    """Return the lanes in the payload of a notification on OUTBOX; all lanes if it names none."""
    return {lane for lane in Lane if lane in payload.split(",")} or set(Lane)


def notify_changed(connection: Connection, ids: Iterable[UUID]) -> None:
    """Notify the gateways of changed calculations when this transaction commits."""
    names = [identity.hex for identity in ids]
    for start in range(0, len(names), IDS_PER_PAYLOAD):
        payload = ",".join(names[start : start + IDS_PER_PAYLOAD])
        connection.execute(_NOTIFY, {"channel": CHANGED, "payload": payload})


def notify_listeners(connection: Connection) -> None:
    """Send the gateways an empty notification, which shows that their connection works."""
    connection.execute(_NOTIFY, {"channel": CHANGED, "payload": ""})


def read_changed(payload: str) -> Iterator[UUID]:
    """Return the ids in the payload of a notification on CHANGED."""
    return (UUID(hex=identity) for identity in payload.split(",") if identity)
