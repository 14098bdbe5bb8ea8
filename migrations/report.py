"""What a migration says to whoever runs it."""

import sys
import time
from collections.abc import Callable

from alembic.runtime.migration import MigrationInfo


def _discard(_: str) -> None:
    pass


class Report:
    """Writes lines, and knows when a migration was last completed.

    `write_fault` gets what made it fail.
    """

    def __init__(
        self,
        write: Callable[[str], None] = _discard,
        write_fault: Callable[[str], None] | None = None,
    ) -> None:
        self.write = write
        self.write_fault = write_fault or write
        #: On the monotonic clock; before the first migration, when this was made.
        self.progress_at = time.monotonic()

    def on_version_apply(
        self,
        ctx: object,  # noqa: ARG002 (Alembic passes all of these by name)
        step: MigrationInfo,
        heads: object,  # noqa: ARG002
        run_args: object,  # noqa: ARG002
    ) -> None:
        """Write that a migration was completed; Alembic calls this after each."""
        before, after = (
            " + ".join(revisions) or "nothing"
            for revisions in (step.source_revision_ids, step.destination_revision_ids)
        )
        self.progress_at = time.monotonic()
        self.write(f"The schema went from {before} to {after}.")


def print_to_stderr(line: str) -> None:
    """Print a line at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
