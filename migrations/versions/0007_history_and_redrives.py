"""The history of the service, and requests to put dead letters back.

New tables alone: no stored row is read or rewritten, and the versions that work with 0006 work with
this as well.

Revision 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS history (
            step_seconds integer NOT NULL,
            started_at timestamptz NOT NULL,
            lane text NOT NULL,
            seconds double precision NOT NULL,
            accepted bigint NOT NULL,
            succeeded bigint NOT NULL,
            failed bigint NOT NULL,
            cancelled bigint NOT NULL,
            queued bigint NOT NULL,
            running bigint NOT NULL,
            outbox_depth bigint NOT NULL,
            outbox_age_seconds double precision NOT NULL,
            workers integer NOT NULL,
            slots integer NOT NULL,
            waiting bigint[] NOT NULL,
            computing bigint[] NOT NULL,
            CONSTRAINT history_pkey PRIMARY KEY (step_seconds, started_at, lane),
            CONSTRAINT history_step_seconds_check CHECK (step_seconds IN (60, 3600)),
            CONSTRAINT history_lane_check CHECK (lane IN ('quick', 'heavy')),
            CONSTRAINT history_seconds_check CHECK (seconds > 0))""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS history_totals (
            is_only_row boolean NOT NULL DEFAULT true,
            read_at timestamptz,
            totals jsonb NOT NULL DEFAULT '{}',
            CONSTRAINT history_totals_pkey PRIMARY KEY (is_only_row),
            CONSTRAINT history_totals_is_only_row_check CHECK (is_only_row))""")
    op.execute("INSERT INTO history_totals DEFAULT VALUES ON CONFLICT DO NOTHING")
    op.execute("""
        CREATE TABLE IF NOT EXISTS redrives (
            id uuid NOT NULL,
            lane text,
            requested_at timestamptz NOT NULL DEFAULT now(),
            requested_by text,
            seen_at timestamptz,
            finished_at timestamptz,
            moved bigint NOT NULL DEFAULT 0,
            fault text,
            CONSTRAINT redrives_pkey PRIMARY KEY (id),
            CONSTRAINT redrives_lane_check CHECK (lane IN ('quick', 'heavy')),
            CONSTRAINT redrives_moved_check CHECK (moved >= 0))""")


def downgrade() -> None:
    op.execute("DROP TABLE history")
    op.execute("DROP TABLE history_totals")
    op.execute("DROP TABLE redrives")
