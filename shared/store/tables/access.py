"""API keys, and the browsers' sessions that stand for one."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.store.tables.columns import MOMENT, NOW, metadata

#: Of secrets there is only the SHA-256. After a rotation the former secret is valid for a while.
#: A limit that is NULL is that of the settings.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    # A small number, by which the processes of a gateway share what they know of its rate.
    Column("number", Integer, Identity(always=True), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("former_sha256", LargeBinary),
    Column("former_until", MOMENT),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("expires_at", MOMENT),
    Column("revoked_at", MOMENT),
    Column("last_used_on", Date),
    Column("max_seconds", Double),
    Column("max_unfinished", Integer),
    Column("max_queued_seconds", Double),
    Column("max_queued_bytes", BigInteger),
    Column("rate_per_second", Double),
    CheckConstraint(
        "octet_length(secret_sha256) = 32 "
        "AND (former_sha256 IS NULL OR octet_length(former_sha256) = 32)",
        name="secret",
    ),
    CheckConstraint("(former_sha256 IS NULL) = (former_until IS NULL)", name="former"),
    CheckConstraint(
        "scopes <@ ARRAY['read', 'submit', 'cancel', 'operate'] AND cardinality(scopes) > 0",
        name="scopes",
    ),
    CheckConstraint(
        "max_seconds > 0 AND max_unfinished > 0 AND max_queued_seconds > 0 "
        "AND max_queued_bytes > 0 AND rate_per_second > 0",
        name="limits",
    ),
    # A name says which key it is; a revoked one leaves its name free.
    Index("api_keys_name", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)

#: A cookie holds the token; here is only its SHA-256.
sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("key_id", Text, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("expires_at", MOMENT, nullable=False),
    CheckConstraint("octet_length(token_sha256) = 32", name="token"),
)
