"""PostgreSQL's NOTIFY: who listens on which channel, and what a notification says.

A NOTIFY inside a transaction serialises its commit with all others that notify, so there is one
for a batch of rows and never one for a row.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.postgres.prepared import Prepared, Query

#: The gateway rings, the relay listens: there is something to publish.
OUTBOX = "reckoner_outbox"

#: Workers and the relay tell, the gateways listen: these calculations changed.
CHANGED = "reckoner_changed"

_NOTIFY = text("SELECT pg_notify(:channel, :payload)")

_RING = Prepared("ring", ("text",), f"SELECT pg_notify('{OUTBOX}', $1)")

#: PostgreSQL takes payloads of up to 7,999 bytes; an id and its comma have 33.
IDS_PER_PAYLOAD = 240


def ring(lanes: Iterable[Lane]) -> Query[None]:
    """Ring for the relay: there is something to publish in these lanes."""
    return Query(_RING, (",".join(lanes),), lambda _: None)


def notify_outbox(connection: Connection, lanes: Iterable[Lane]) -> None:
    """Ring once this transaction commits."""
    ring(lanes).on(connection)


def read_outbox(payload: str) -> set[Lane]:
    """Return the lanes that a notification on OUTBOX names; all if it names none."""
    return {lane for lane in Lane if lane in payload.split(",")} or set(Lane)


def notify_changed(connection: Connection, ids: Iterable[UUID]) -> None:
    """Tell the gateways which calculations have changed once this transaction commits."""
    names = [identity.hex for identity in ids]
    for start in range(0, len(names), IDS_PER_PAYLOAD):
        payload = ",".join(names[start : start + IDS_PER_PAYLOAD])
        connection.execute(_NOTIFY, {"channel": CHANGED, "payload": payload})


def notify_listeners(connection: Connection) -> None:
    """Tell the gateways nothing, so that they hear that their connection is alive."""
    connection.execute(_NOTIFY, {"channel": CHANGED, "payload": ""})


def read_changed(payload: str) -> Iterator[UUID]:
    """Return the ids that a notification on CHANGED names."""
    return (UUID(hex=identity) for identity in payload.split(",") if identity)
