"""What the service knows of its processes, its functions and the versions that fit the schema."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from shared.store.tables.columns import MOMENT, NOW, metadata

workers = Table(
    "workers",
    metadata,
    Column("id", UUID, primary_key=True),  # a new one at every start
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("slots", SmallInteger, nullable=False),
    Column("started_at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    # When the last message that it consumed was published: the queue holds no older ones.
    Column("consumed_published_at", MOMENT),
    # The functions it can compute, each as `name/version`. NULL: not known, as of earlier versions.
    Column("offers", ARRAY(Text)),
    # The newest version of messages that it takes. NULL: 3, or 2 where `offers` is NULL.
    Column("message_version", SmallInteger),
    CheckConstraint("lane IN ('quick', 'heavy')", name="lane"),
    CheckConstraint("slots >= 1", name="slots"),
)

relays = Table(
    "relays",
    metadata,
    Column("id", UUID, primary_key=True),  # a new one at every start
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    # Why RabbitMQ accepts nothing for a lane's queue from this relay; NULL if it does.
    Column("quick_problem", Text),
    Column("heavy_problem", Text),
)

#: What is known of each version of a function: the fingerprint of its source, and what its recent
#: calculations needed (90 of 100 needed no more).
functions = Table(
    "functions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    Column("runs", Integer),
    Column("seconds", Double),
    Column("peak_bytes", BigInteger),
    Column("result_bytes", BigInteger),
)

#: What each process has counted since it started, and how it is now, for GET /metrics. One row, of
#: the kind `retired`, has the counts of processes that have ended.
process_metrics = Table(
    "process_metrics",
    metadata,
    Column("id", UUID, primary_key=True),  # a new one at every start
    Column("kind", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    # Of each metric, its value by the values of its labels. Counters only grow.
    Column("counters", JSONB, nullable=False, server_default=text("'{}'")),
    Column("gauges", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("kind IN ('gateway', 'relay', 'quick', 'heavy', 'retired')", name="kind"),
)

#: How many results are stored, and their bytes, by the hour in which their calculations finished: a
#: running sum, from which retention knows what is oldest.
stored_results = Table(
    "stored_results",
    metadata,
    Column("hour", MOMENT, primary_key=True),
    Column("results", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    CheckConstraint("results >= 0 AND bytes >= 0", name="sums"),
)

#: One row: until when what has finished is part of `stored_results`, when retention ran last, and
#: what was wrong then.
retention = Table(
    "retention",
    metadata,
    Column("is_only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("counted_until", MOMENT),
    Column("ran_at", MOMENT),
    Column("fault", Text),
    CheckConstraint("is_only_row", name="is_only_row"),
)

#: One row: the SCHEMA_REVISION of the oldest version of Reckoner that works with this schema, so
#: that a gateway of the previous version stays ready after a migration.
schema_compatibility = Table(
    "schema_compatibility",
    metadata,
    Column("is_only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("oldest_revision", Text, nullable=False),
    CheckConstraint("is_only_row", name="is_only_row"),
)
