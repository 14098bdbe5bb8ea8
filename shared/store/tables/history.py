"""What the service remembers of itself, and requests to put dead letters back."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from shared.store.tables.columns import MOMENT, NOW, metadata

#: What happened in each lane, in steps of a minute and of an hour.
history = Table(
    "history",
    metadata,
    Column("step_seconds", Integer, primary_key=True, autoincrement=False),
    Column("started_at", MOMENT, primary_key=True),
    Column("lane", Text, primary_key=True),
    # How long was counted: about a step, and less where a part of an hour is missing.
    Column("seconds", Double, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("succeeded", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("cancelled", BigInteger, nullable=False),
    # At the end of a minute; of an hour the largest.
    Column("queued", BigInteger, nullable=False),
    Column("running", BigInteger, nullable=False),
    Column("outbox_depth", BigInteger, nullable=False),
    Column("outbox_age_seconds", Double, nullable=False),
    # Of an hour the smallest.
    Column("workers", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    # How many waited and computed for how long, in the buckets of the metrics' catalogue, the last
    # of which has no bound. Whoever changes their bounds has to empty this table.
    Column("waiting", ARRAY(BigInteger), nullable=False),
    Column("computing", ARRAY(BigInteger), nullable=False),
    CheckConstraint("step_seconds IN (60, 3600)", name="step_seconds"),
    CheckConstraint("lane IN ('quick', 'heavy')", name="lane"),
    CheckConstraint("seconds > 0", name="seconds"),
)

#: One row: what had been counted when the last minute ended, which the next is the difference to.
history_totals = Table(
    "history_totals",
    metadata,
    Column("is_only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("read_at", MOMENT),
    Column("totals", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("is_only_row", name="is_only_row"),
)

#: Requests to put dead letters back into their queues, and what has become of them.
redrives = Table(
    "redrives",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("lane", Text),  # NULL: both
    Column("requested_at", MOMENT, nullable=False, server_default=NOW),
    Column("requested_by", Text),  # the name of an API key
    # When the relay that works on it has said so last.
    Column("seen_at", MOMENT),
    Column("finished_at", MOMENT),
    Column("moved", BigInteger, nullable=False, server_default=text("0")),
    Column("fault", Text),
    CheckConstraint("lane IN ('quick', 'heavy')", name="lane"),
    CheckConstraint("moved >= 0", name="moved"),
)
