"""Relays report their problems with RabbitMQ; a schema names the oldest version that works with it.

Revision 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Notes the chunks that earlier versions left: of neither a result nor a running attempt.
LEFTOVERS = """
    INSERT INTO lost_attempts (calculation_id, attempt)
    SELECT DISTINCT calculation_id, result_chunks.attempt
    FROM result_chunks JOIN calculations ON id = calculation_id
    WHERE result_attempt IS DISTINCT FROM result_chunks.attempt
      AND (status <> 'running' OR calculations.attempt <> result_chunks.attempt)"""


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
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
        sa.Column("quick_problem", sa.Text(), nullable=True),
        sa.Column("heavy_problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("relays_pkey")),
    )
    op.create_table(
        "lost_attempts",
        sa.Column("calculation_id", sa.UUID(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "ended_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("calculation_id", "attempt", name=op.f("lost_attempts_pkey")),
    )
    op.execute(LEFTOVERS)
    op.create_table(
        "schema_compatibility",
        sa.Column("is_only_row", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("oldest_revision", sa.Text(), nullable=False),
        sa.CheckConstraint("is_only_row", name=op.f("schema_compatibility_is_only_row_check")),
        sa.PrimaryKeyConstraint("is_only_row", name=op.f("schema_compatibility_pkey")),
    )
    # Code that knows 0002 does not use the new tables, and works as before.
    op.execute("INSERT INTO schema_compatibility (oldest_revision) VALUES ('0002')")


def downgrade() -> None:
    op.drop_table("schema_compatibility")
    op.drop_table("lost_attempts")
    op.drop_table("relays")
