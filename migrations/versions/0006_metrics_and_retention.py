"""Metrics of each process, the sums that retention goes by, trace contexts, and the list's index.

Stored rows are not rewritten: NULL in a new column means what 0005 could store.

Revision 0006
"""

from alembic import op

from migrations.session import LOCK_SECONDS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Ascending, so that what is newer comes after the last of its kind: descending ones split pages in
#: the middle, and wrote more.
LIST = "(function, lane, status, created_at, id)"
NOT_SUCCEEDED = "(status, created_at, id) WHERE status <> 'succeeded'"

#: Those of 0005: the list by function alone.
NEWEST = "(function, created_at DESC, id DESC)"
NOT_SUCCEEDED_BEFORE = "(status, created_at DESC, id DESC) WHERE status <> 'succeeded'"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS process_metrics (
            id uuid NOT NULL,
            kind text NOT NULL,
            host text NOT NULL,
            pid integer NOT NULL,
            seen_at timestamptz NOT NULL DEFAULT now(),
            counters jsonb NOT NULL DEFAULT '{}',
            gauges jsonb NOT NULL DEFAULT '{}',
            CONSTRAINT process_metrics_pkey PRIMARY KEY (id),
            CONSTRAINT process_metrics_kind_check CHECK (
                kind IN ('gateway', 'relay', 'quick', 'heavy', 'retired')))""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS stored_results (
            hour timestamptz NOT NULL,
            results bigint NOT NULL,
            bytes bigint NOT NULL,
            CONSTRAINT stored_results_pkey PRIMARY KEY (hour),
            CONSTRAINT stored_results_sums_check CHECK (results >= 0 AND bytes >= 0))""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS retention (
            is_only_row boolean NOT NULL DEFAULT true,
            counted_until timestamptz,
            ran_at timestamptz,
            fault text,
            CONSTRAINT retention_pkey PRIMARY KEY (is_only_row),
            CONSTRAINT retention_is_only_row_check CHECK (is_only_row))""")
    op.execute("INSERT INTO retention DEFAULT VALUES ON CONFLICT DO NOTHING")
    op.execute("ALTER TABLE workers ADD COLUMN IF NOT EXISTS message_version smallint")
    # It changes the catalogue alone. Last, since all requests wait until its lock is released.
    op.execute("ALTER TABLE calculations ADD COLUMN IF NOT EXISTS traceparent text")
    # Code that knows 0005 does not use what is new. Its list is slow among millions of rows.
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0005'")
    _replace_index("calculations_newest", "calculations_list", LIST)
    _replace_index("calculations_not_succeeded", "calculations_not_succeeded", NOT_SUCCEEDED)


def downgrade() -> None:
    # First, since they take long: if one is interrupted, all that 0006 needs is still there.
    _replace_index("calculations_not_succeeded", "calculations_not_succeeded", NOT_SUCCEEDED_BEFORE)
    _replace_index("calculations_newest", "calculations_newest", NEWEST)
    op.execute("DROP TABLE process_metrics")
    op.execute("DROP TABLE stored_results")
    op.execute("DROP TABLE retention")
    op.execute("ALTER TABLE workers DROP COLUMN message_version")
    op.execute("DROP INDEX calculations_list")
    op.execute("ALTER TABLE calculations DROP COLUMN traceparent")
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0004'")


def _replace_index(former: str, name: str, on: str) -> None:
    with op.get_context().autocommit_block():
        # An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index. It blocks nobody, and
        # waits for transactions that have begun before it, which may take longer than for a lock.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")
        op.execute("SET lock_timeout = 0")
        op.execute(f"CREATE INDEX CONCURRENTLY {name}_new ON calculations {on}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {former}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")
        op.execute(f"SET lock_timeout = {int(LOCK_SECONDS * 1000)}")
