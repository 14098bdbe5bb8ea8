"""Removing the chunks of attempts that ended without a result: the relay's, beside its rescue."""

import time

from sqlalchemy import Engine

from shared.store.chunks import delete_lost_attempts, delete_lost_chunks

#: Chunks in one transaction: eight megabytes.
_BATCH_CHUNKS = 32

#: How long one turn may take: the rescue waits meanwhile. What is left is the next turn's.
_TURN_SECONDS = 0.25

#: A transaction that began before its claim was lost has ended by then: statements and idle
#: transactions have limits of less than a minute together.
_GRACE_SECONDS = 120.0


def remove_lost_chunks(engine: Engine) -> int:
    """Remove what there is, for a moment; return how many chunks are gone."""
    until = time.monotonic() + _TURN_SECONDS
    removed = 0
    while True:
        with engine.begin() as connection:
            count = delete_lost_chunks(connection, limit=_BATCH_CHUNKS)
            if count == 0:
                delete_lost_attempts(connection, grace_seconds=_GRACE_SECONDS)
        removed += count
        if count == 0 or time.monotonic() > until:
            return removed
