"""API keys and browser sessions, who submitted what, what is queued for whom, and in which order.

Stored rows are not rewritten: NULL in a new column means what 0004 could store. A calculation
without `sort_at` is published in the order of `created_at`, and one without `charged_seconds`
counts for its estimate.

Revision 0005
"""

from alembic import op

from migrations.session import LOCK_SECONDS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Columns of `calculations`.
NEW_COLUMNS = (
    ("submitted_by", "text"),
    ("queued_by", "text"),
    ("cancelled_by", "text"),
    ("charged_seconds", "double precision"),
    ("charged_bytes", "bigint"),
    ("sort_at", "timestamptz"),
)

HEAVY_OUTBOX = """
    CREATE INDEX CONCURRENTLY calculations_heavy_outbox
    ON calculations (coalesce(sort_at, created_at))
    WHERE status = 'queued' AND published_at IS NULL AND lane = 'heavy'"""


def upgrade() -> None:
    op.execute("ALTER TABLE functions ADD COLUMN IF NOT EXISTS result_bytes bigint")
    op.execute("""
        CREATE TABLE IF NOT EXISTS api_keys (
            id text NOT NULL,
            number integer NOT NULL GENERATED ALWAYS AS IDENTITY,
            name text NOT NULL,
            secret_sha256 bytea NOT NULL,
            former_sha256 bytea,
            former_until timestamptz,
            scopes text[] NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz,
            revoked_at timestamptz,
            last_used_on date,
            max_seconds double precision,
            max_unfinished integer,
            max_queued_seconds double precision,
            max_queued_bytes bigint,
            rate_per_second double precision,
            CONSTRAINT api_keys_pkey PRIMARY KEY (id),
            CONSTRAINT api_keys_secret_check CHECK (
                octet_length(secret_sha256) = 32
                AND (former_sha256 IS NULL OR octet_length(former_sha256) = 32)),
            CONSTRAINT api_keys_former_check CHECK (
                (former_sha256 IS NULL) = (former_until IS NULL)),
            CONSTRAINT api_keys_scopes_check CHECK (
                scopes <@ ARRAY['read', 'submit', 'cancel', 'operate'] AND cardinality(scopes) > 0),
            CONSTRAINT api_keys_limits_check CHECK (
                max_seconds > 0 AND max_unfinished > 0 AND max_queued_seconds > 0
                AND max_queued_bytes > 0 AND rate_per_second > 0))""")
    op.execute("""
        CREATE UNIQUE INDEX IF NOT EXISTS api_keys_name ON api_keys (name)
        WHERE revoked_at IS NULL""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS sessions (
            token_sha256 bytea NOT NULL,
            key_id text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            CONSTRAINT sessions_pkey PRIMARY KEY (token_sha256),
            CONSTRAINT sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_keys (id)
                ON DELETE CASCADE,
            CONSTRAINT sessions_token_check CHECK (octet_length(token_sha256) = 32))""")
    # It changes the catalogue alone. Last, since all requests wait until its lock is released.
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in NEW_COLUMNS)
    op.execute(f"ALTER TABLE calculations {added}")
    # Code that knows 0004 does not use what is new, and works as before.
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0004'")
    with op.get_context().autocommit_block():
        # An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index. It blocks nobody, and
        # waits for transactions that have begun before it, which may take longer than for a lock.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS calculations_heavy_outbox")
        op.execute("SET lock_timeout = 0")
        op.execute(HEAVY_OUTBOX)
        op.execute(f"SET lock_timeout = {int(LOCK_SECONDS * 1000)}")


def downgrade() -> None:
    op.execute("DROP TABLE sessions")
    op.execute("DROP TABLE api_keys")
    op.execute("ALTER TABLE functions DROP COLUMN result_bytes")
    op.execute("DROP INDEX calculations_heavy_outbox")
    dropped = ", ".join(f"DROP COLUMN {name}" for name, _ in NEW_COLUMNS)
    op.execute(f"ALTER TABLE calculations {dropped}")
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0003'")
