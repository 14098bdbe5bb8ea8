"""A chunk's length is checked in bytes, which PostgreSQL knows without counting characters.

Digits are ASCII, so both lengths are equal.

Revision 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _check_by("octet_length")


def downgrade() -> None:
    _check_by("length")


def _check_by(function: str) -> None:
    # The exclusive lock is held for a moment only: the stored rows are read by the validation, in
    # the next transaction, which blocks nobody. An upgrade that is interrupted between the two
    # does both again.
    op.execute(
        "ALTER TABLE result_chunks DROP CONSTRAINT result_chunks_digits_check, "
        "ADD CONSTRAINT result_chunks_digits_check "
        f"CHECK ({function}(digits) BETWEEN 1 AND 262144) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE result_chunks VALIDATE CONSTRAINT result_chunks_digits_check")
