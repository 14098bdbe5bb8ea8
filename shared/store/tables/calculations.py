"""Calculations, their results, and what has become of their attempts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.result import CHUNK_BYTES
from shared.store.tables.columns import MOMENT, NOW, metadata

calculations = Table(
    "calculations",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("function", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("progress", Double, nullable=False, server_default=text("0")),
    # Fences every write of a worker. It only grows, even when a failed calculation is queued
    # again; `attempt_base` is its value at the start of the current round of attempts.
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("attempt_base", Integer, nullable=False, server_default=text("0")),
    # NULL where the function estimates nothing and has no history.
    Column("estimate_seconds", Double),
    Column("estimate_digits", BigInteger),
    Column("estimate_bytes", BigInteger),
    Column("request_id", Text),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    # The outbox: the relay publishes queued rows without `published_at`, from `not_before` on.
    Column("not_before", MOMENT, nullable=False, server_default=NOW),
    Column("published_at", MOMENT),
    # The lease of a heavy worker.
    Column("worker_id", UUID),
    Column("lease_until", MOMENT),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("started_at", MOMENT),
    Column("finished_at", MOMENT),
    Column("compute_seconds", Double),
    # The result: a short one in `result_value`, a long one in the chunks of `result_attempt`.
    # The length of digits is in `result_digits`, where earlier versions look for it.
    Column("result_digits", BigInteger),
    Column("result_sha256", Text),
    Column("result_head", Text),
    Column("result_tail", Text),
    Column("result_value", Text),
    Column("result_attempt", Integer),
    Column("result_pruned_at", MOMENT),
    Column("error", JSONB),
    # The attempts that workers claimed, in order, and how each ended.
    Column("history", JSONB, nullable=False, server_default=text("'[]'")),
    # NULL in what follows: as earlier versions stored it, which knew digits alone.
    # The canonical text, of which the id is made; `arguments` is for queries by hand.
    Column("arguments_text", Text),
    Column("estimate_source", Text),
    Column("peak_bytes", BigInteger),
    Column("result_kind", Text),
    # Only where the function names one of its own.
    Column("result_media_type", Text),
    Column("result_length", BigInteger),
    # A short result that PostgreSQL's text cannot hold.
    Column("result_bytes", LargeBinary),
    Column("result_check", Text),
    # The names of the API keys by which it was first submitted, is queued (NULL: by the same), and
    # was cancelled.
    Column("submitted_by", Text),
    Column("queued_by", Text),
    Column("cancelled_by", Text),
    # What it counts for while it is unfinished; NULL: its estimate, of seconds and of digits.
    Column("charged_seconds", Double),
    Column("charged_bytes", BigInteger),
    # The order in which the relay publishes the heavy lane; NULL: that of `created_at`.
    Column("sort_at", MOMENT),
    # The W3C trace context of the request that submitted it, or None.
    Column("traceparent", Text),
    CheckConstraint(
        "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"
    ),
    CheckConstraint("lane IN ('quick', 'heavy')", name="lane"),
    CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
    CheckConstraint("attempt >= attempt_base AND attempt_base >= 0", name="attempt"),
    CheckConstraint(
        "(status = 'running') = (lease_until IS NOT NULL) "
        "AND (status = 'running') = (worker_id IS NOT NULL)",
        name="lease",
    ),
    CheckConstraint(
        "(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
        name="finished",
    ),
    CheckConstraint(
        "(status = 'succeeded') = (result_sha256 IS NOT NULL) "
        "AND (status = 'succeeded') = (coalesce(result_length, result_digits) IS NOT NULL)",
        name="result",
    ),
    CheckConstraint(
        "status <> 'succeeded' OR result_pruned_at IS NOT NULL "
        "OR num_nonnulls(result_value, result_bytes, result_attempt) = 1",
        name="result_place",
    ),
    CheckConstraint("result_kind IN ('digits', 'text', 'json', 'bytes')", name="result_kind"),
    CheckConstraint("estimate_source IN ('function', 'history')", name="estimate_source"),
    CheckConstraint("(status IN ('failed', 'cancelled')) = (error IS NOT NULL)", name="error"),
    CheckConstraint("NOT cancel_requested OR status = 'running'", name="cancel"),
    # The list: any filter selects some of the few functions, lanes and statuses, whose newest are
    # merged.
    Index(
        "calculations_list",
        "function",
        "lane",
        "status",
        "created_at",
        "id",
    ),
    Index(
        "calculations_not_succeeded",
        "status",
        "created_at",
        "id",
        postgresql_where=text("status <> 'succeeded'"),
    ),
    Index(
        "calculations_outbox",
        "lane",
        "not_before",
        postgresql_where=text("status = 'queued' AND published_at IS NULL"),
    ),
    Index(
        "calculations_heavy_outbox",
        text("coalesce(sort_at, created_at)"),
        postgresql_where=text("status = 'queued' AND published_at IS NULL AND lane = 'heavy'"),
    ),
    Index(
        "calculations_waiting",
        "lane",
        "published_at",
        postgresql_where=text("status = 'queued' AND published_at IS NOT NULL"),
    ),
    Index(
        "calculations_leases",
        # Not by lease_until: so a heartbeat updates no index, and rewrites the row in place.
        "worker_id",
        postgresql_where=text("status = 'running'"),
    ),
    Index(
        "calculations_finished",
        "finished_at",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "32", "autosummarize": "on"},
    ),
    # Room in each page, so that heartbeats rewrite rows in place. A burst fills the partial indexes
    # at once; a threshold that is a fraction of a large table would trigger ANALYZE too late.
    postgresql_with={
        "fillfactor": "90",
        "autovacuum_analyze_scale_factor": "0",
        "autovacuum_analyze_threshold": "20000",
    },
)

result_chunks = Table(
    "result_chunks",
    metadata,
    Column(
        "calculation_id",
        UUID,
        ForeignKey("calculations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("attempt", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    # Digits are text, which psycopg2 reads fastest; all other results are bytes.
    Column("digits", Text),
    Column("data", LargeBinary),
    CheckConstraint("ordinal >= 0", name="ordinal"),
    CheckConstraint(
        "num_nonnulls(digits, data) = 1 AND coalesce(octet_length(digits), octet_length(data)) "
        f"BETWEEN 1 AND {CHUNK_BYTES}",
        name="digits",
    ),
)

#: Attempts that ended without a result. The rescue deletes the chunks they left, then the row.
lost_attempts = Table(
    "lost_attempts",
    metadata,
    Column("calculation_id", UUID, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("ended_at", MOMENT, nullable=False, server_default=NOW),
)

#: Queued calculations that a worker has handed back because it lacks their function, and since when
#: no live worker has been known to offer it.
handed_back = Table(
    "handed_back",
    metadata,
    Column("calculation_id", UUID, primary_key=True),
    Column("since", MOMENT, nullable=False, server_default=NOW),
)
