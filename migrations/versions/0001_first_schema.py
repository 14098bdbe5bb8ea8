"""The first schema: calculations, their long results, and the workers.

Revision 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calculations",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt_base", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("estimate_seconds", sa.Double(), nullable=False),
        sa.Column("estimate_digits", sa.BigInteger(), nullable=False),
        sa.Column("estimate_bytes", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "not_before",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("worker_id", sa.UUID(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("compute_seconds", sa.Double(), nullable=True),
        sa.Column("result_digits", sa.BigInteger(), nullable=True),
        sa.Column("result_sha256", sa.Text(), nullable=True),
        sa.Column("result_head", sa.Text(), nullable=True),
        sa.Column("result_tail", sa.Text(), nullable=True),
        sa.Column("result_value", sa.Text(), nullable=True),
        sa.Column("result_attempt", sa.Integer(), nullable=True),
        sa.Column("result_pruned_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("error", postgresql.JSONB(), nullable=True),
        sa.Column("history", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint(
            "(status = 'running') = (lease_until IS NOT NULL) AND (status = 'running') = (worker_id IS NOT NULL)",
            name=op.f("calculations_lease_check"),
        ),
        sa.CheckConstraint(
            "(status = 'succeeded') = (result_sha256 IS NOT NULL) AND (status = 'succeeded') = (result_digits IS NOT NULL)",
            name=op.f("calculations_result_check"),
        ),
        sa.CheckConstraint(
            "(status IN ('failed', 'cancelled')) = (error IS NOT NULL)",
            name=op.f("calculations_error_check"),
        ),
        sa.CheckConstraint(
            "(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("calculations_finished_check"),
        ),
        sa.CheckConstraint(
            "NOT cancel_requested OR status = 'running'", name=op.f("calculations_cancel_check")
        ),
        sa.CheckConstraint("lane IN ('quick', 'heavy')", name=op.f("calculations_lane_check")),
        sa.CheckConstraint(
            "status <> 'succeeded' OR result_pruned_at IS NOT NULL OR (result_value IS NULL) <> (result_attempt IS NULL)",
            name=op.f("calculations_result_place_check"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("calculations_status_check"),
        ),
        sa.CheckConstraint(
            "attempt >= attempt_base AND attempt_base >= 0", name=op.f("calculations_attempt_check")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("calculations_progress_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("calculations_pkey")),
        postgresql_with={
            "fillfactor": "90",
            "autovacuum_analyze_scale_factor": "0",
            "autovacuum_analyze_threshold": "20000",
        },
    )
    op.create_index(
        "calculations_finished",
        "calculations",
        ["finished_at"],
        unique=False,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "32", "autosummarize": "on"},
    )
    op.create_index(
        "calculations_leases",
        "calculations",
        ["worker_id"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "calculations_newest",
        "calculations",
        ["function", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "calculations_not_succeeded",
        "calculations",
        ["status", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("status <> 'succeeded'"),
    )
    op.create_index(
        "calculations_outbox",
        "calculations",
        ["lane", "not_before"],
        unique=False,
        postgresql_where=sa.text("status = 'queued' AND published_at IS NULL"),
    )
    op.create_index(
        "calculations_waiting",
        "calculations",
        ["lane", "published_at"],
        unique=False,
        postgresql_where=sa.text("status = 'queued' AND published_at IS NOT NULL"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("slots", sa.SmallInteger(), nullable=False),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("consumed_published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("lane IN ('quick', 'heavy')", name=op.f("workers_lane_check")),
        sa.CheckConstraint("slots >= 1", name=op.f("workers_slots_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("workers_pkey")),
    )
    op.create_table(
        "result_chunks",
        sa.Column("calculation_id", sa.UUID(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(digits) BETWEEN 1 AND 262144", name=op.f("result_chunks_digits_check")
        ),
        sa.CheckConstraint("ordinal >= 0", name=op.f("result_chunks_ordinal_check")),
        sa.ForeignKeyConstraint(
            ["calculation_id"],
            ["calculations.id"],
            name=op.f("result_chunks_calculation_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "calculation_id", "attempt", "ordinal", name=op.f("result_chunks_pkey")
        ),
    )
    # Digits do not compress well enough to be worth the time, and whole chunks are read.
    op.execute("ALTER TABLE calculations ALTER COLUMN result_value SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE result_chunks ALTER COLUMN digits SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("result_chunks")
    op.drop_table("workers")
    op.drop_table("calculations")
