"""Removes what a selection names, oldest finished first, in small steps."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from shared.retention.pace import Pace
from shared.retention.steps import HOUR, STEP_CHUNKS, Pages, oldest, steps
from shared.store.retention.candidates import Candidate, Selection, list_hours
from shared.store.retention.removal import (
    Removed,
    delete_pruned_chunks,
    find_by_key,
    forget_calculations,
    prune_results,
    settle_hour,
)
from shared.store.retention.state import lock_retention


class Removal:
    """Removes results, and remembers where it stopped, so as not to read there again.

    `on_removed` is called after each step, with what it has removed.
    """

    def __init__(self, engine: Engine, pace: Pace, on_removed: Callable[[Removed], None]) -> None:
        self._engine = engine
        self._pace = pace
        self._on_removed = on_removed
        #: Before it, all of its hour was removed, but for rows that others had locked.
        self._stopped_at: datetime | None = None

    def remove(self, selection: Selection, excess_bytes: int | None = None) -> Removed:
        """Remove all that is selected, or the oldest of it, until that many bytes are free."""
        total = Removed()
        pages = Pages(self._engine, self._pace, selection)
        with self._engine.begin() as connection:
            hours = list_hours(connection, selection)
        for hour in hours:
            for page in pages.between(self._begin_of(hour, selection), hour + HOUR):
                for step in steps(page):
                    if self._pace.is_stopping():
                        return total
                    if excess_bytes is not None:
                        step = oldest(step, excess_bytes - total.bytes)
                    total = total.plus(self._remove(step, selection))
                    self._stopped_at = step[-1].finished_at
                    if excess_bytes is not None and total.bytes >= excess_bytes:
                        return total
            if self._pace.is_stopping():
                return total
            if selection.until >= hour + HOUR:
                self._settle(hour, selection)
            else:
                self._stopped_at = selection.until
        return total

    def _begin_of(self, hour: datetime, selection: Selection) -> datetime:
        """Return where to begin in an hour; only the first one can have been begun before."""
        stopped_at, self._stopped_at = self._stopped_at, None
        if selection.is_of_all and stopped_at is not None and hour < stopped_at < hour + HOUR:
            return stopped_at
        return hour

    def _settle(self, hour: datetime, selection: Selection) -> None:
        self._stopped_at = None
        if selection.is_of_all:
            with self._pace.step(), self._engine.begin() as connection:
                lock_retention(connection)
                settle_hour(connection, hour, forget=selection.forget)

    def _remove(self, step: Sequence[Candidate], selection: Selection) -> Removed:
        """Remove what fits into a transaction, or one result that takes several."""
        is_long = step[0].chunks > STEP_CHUNKS
        ids = [candidate.id for candidate in step]
        with_result = [one.id for one in step if one.has_result]
        in_chunks = [one.id for one in step if one.chunks]
        removed = Removed()
        with self._pace.step(), self._engine.begin() as connection:
            lock_retention(connection)
            find_by_key(connection)
            pruned = in_chunks if selection.forget else with_result
            if pruned:
                removed = prune_results(connection, pruned, selection.until, is_long=is_long)
            if selection.forget and not is_long:
                removed = removed.plus(forget_calculations(connection, ids, selection.until))
        self._on_removed(removed)
        if is_long:
            removed = removed.plus(self._remove_rest(step[0], selection))
        return removed

    def _remove_rest(self, candidate: Candidate, selection: Selection) -> Removed:
        """Delete the chunks of a long result. When this ends too early, the rescue goes on."""
        deleted = STEP_CHUNKS
        while deleted and not self._pace.is_stopping():
            with self._pace.step(), self._engine.begin() as connection:
                find_by_key(connection)
                deleted = delete_pruned_chunks(connection, candidate.id, STEP_CHUNKS)
        if not selection.forget or deleted:
            return Removed()
        with self._pace.step(), self._engine.begin() as connection:
            lock_retention(connection)
            find_by_key(connection)
            forgotten = forget_calculations(connection, [candidate.id], selection.until)
        self._on_removed(forgotten)
        return forgotten
