"""Results of any kind, functions without an estimate, and what each worker offers.

Stored rows are not rewritten: NULL in a new column means what 0003 could store. A calculation
without `arguments_text` has integers and text in `arguments`, and one without `result_kind` has
digits.

Revision 0004
"""

import sqlalchemy as sa
from alembic import op

from migrations.errors import SchemaUnfit

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Rows that code for 0003 would misread: its results are digits, every estimate is known, and it
#: derives ids from `arguments`, in which PostgreSQL spells fractions in its own way. Lost attempts
#: may have left chunks as well.
UNREADABLE = """
    SELECT EXISTS (
        SELECT FROM calculations
        WHERE result_kind IN ('text', 'json', 'bytes') OR estimate_seconds IS NULL
           OR arguments_text ~ '[0-9][.eE]')
        OR EXISTS (SELECT FROM result_chunks WHERE data IS NOT NULL)"""

#: Columns of `calculations` that say more about it than 0003 did.
NEW_COLUMNS = (
    ("arguments_text", "text"),
    ("estimate_source", "text"),
    ("peak_bytes", "bigint"),
    ("result_kind", "text"),
    ("result_media_type", "text"),
    ("result_length", "bigint"),
    ("result_bytes", "bytea"),
    ("result_check", "text"),
)

ESTIMATES = ("estimate_seconds", "estimate_digits", "estimate_bytes")

#: Table, constraint, condition in 0004, condition in 0003.
CHECKS = (
    (
        "calculations",
        "calculations_result_check",
        (
            "(status = 'succeeded') = (result_sha256 IS NOT NULL) AND (status = 'succeeded') = "
            "(coalesce(result_length, result_digits) IS NOT NULL)"
        ),
        (
            "(status = 'succeeded') = (result_sha256 IS NOT NULL) AND (status = 'succeeded') = "
            "(result_digits IS NOT NULL)"
        ),
    ),
    (
        "calculations",
        "calculations_result_place_check",
        (
            "status <> 'succeeded' OR result_pruned_at IS NOT NULL OR "
            "num_nonnulls(result_value, result_bytes, result_attempt) = 1"
        ),
        (
            "status <> 'succeeded' OR result_pruned_at IS NOT NULL OR "
            "(result_value IS NULL) <> (result_attempt IS NULL)"
        ),
    ),
    (
        "calculations",
        "calculations_result_kind_check",
        "result_kind IN ('digits', 'text', 'json', 'bytes')",
        None,
    ),
    (
        "calculations",
        "calculations_estimate_source_check",
        "estimate_source IN ('function', 'history')",
        None,
    ),
    (
        "result_chunks",
        "result_chunks_digits_check",
        (
            "num_nonnulls(digits, data) = 1 AND "
            "coalesce(octet_length(digits), octet_length(data)) BETWEEN 1 AND 262144"
        ),
        "octet_length(digits) BETWEEN 1 AND 262144",
    ),
)


def upgrade() -> None:
    # Each ALTER TABLE changes the catalogue alone, and holds its lock for a moment.
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in NEW_COLUMNS)
    optional = ", ".join(f"ALTER COLUMN {name} DROP NOT NULL" for name in ESTIMATES)
    op.execute(
        f"ALTER TABLE calculations {added}, {optional}, "
        "ALTER COLUMN result_bytes SET STORAGE EXTERNAL"
    )
    op.execute(
        "ALTER TABLE result_chunks ADD COLUMN IF NOT EXISTS data bytea, "
        "ALTER COLUMN digits DROP NOT NULL, ALTER COLUMN data SET STORAGE EXTERNAL"
    )
    op.execute("ALTER TABLE workers ADD COLUMN IF NOT EXISTS offers text[]")
    op.execute("""
        CREATE TABLE IF NOT EXISTS functions (
            name text NOT NULL,
            version integer NOT NULL,
            fingerprint text,
            seen_at timestamptz NOT NULL DEFAULT now(),
            runs integer,
            seconds double precision,
            peak_bytes bigint,
            CONSTRAINT functions_pkey PRIMARY KEY (name, version))""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS handed_back (
            calculation_id uuid NOT NULL,
            since timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT handed_back_pkey PRIMARY KEY (calculation_id))""")
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0003'")
    _replace_checks({(table, name): new for table, name, new, _ in CHECKS})


def downgrade() -> None:
    if op.get_bind().execute(sa.text(UNREADABLE)).scalar_one():
        raise SchemaUnfit(
            "There are calculations that schema 0003 cannot hold: with fractions, without an "
            "estimate, or with results that are not digits. Keep this schema, or delete them."
        )
    # First of all, so that no new row needs what goes away.
    _replace_checks({(table, name): old for table, name, _, old in CHECKS if old is not None})
    op.execute("DROP TABLE handed_back")
    op.execute("DROP TABLE functions")
    op.execute("ALTER TABLE workers DROP COLUMN offers")
    op.execute("ALTER TABLE result_chunks ALTER COLUMN digits SET NOT NULL, DROP COLUMN data")
    required = ", ".join(f"ALTER COLUMN {name} SET NOT NULL" for name in ESTIMATES)
    dropped = ", ".join(f"DROP COLUMN {name}" for name, _ in NEW_COLUMNS)
    op.execute(f"ALTER TABLE calculations {dropped}, {required}")
    op.execute("UPDATE schema_compatibility SET oldest_revision = '0002'")


def _replace_checks(conditions: dict[tuple[str, str], str]) -> None:
    """Put these CHECKs in place of those of the same name.

    The exclusive lock is held for a moment only: the stored rows are read by the validation, in
    the next transaction, which blocks nobody. An upgrade that is interrupted between the two does
    both again.
    """
    for (table, name), condition in conditions.items():
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, "
            f"ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for table, name in conditions:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
