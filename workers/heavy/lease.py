"""The claims that a heavy worker holds, and the one thread that renews them all."""

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from uuid import UUID

from sqlalchemy import Engine

from shared.errors import LeaseLost, StoreUnavailable
from shared.postgres.outages import outages_raised
from shared.store.leases import extend_leases
from shared.store.notifications import notify_changed
from shared.store.rows import Claim, Renewal

logger = logging.getLogger(__name__)

#: Progress is worth telling those who wait when it has moved so far, and not more often than …
_NOTICEABLE_PROGRESS = 0.01
_NOTICE_SECONDS = 1.0


class End(Enum):
    """Why a claim must be given up before its calculation is done."""

    CANCELLED = "cancelled"
    LOST = "lost"
    STOPPING = "stopping"


class Lease:
    """One claim, its latest progress, and whether it is still to be worked on."""

    def __init__(self, claim: Claim, valid_until: float) -> None:
        self.claim = claim
        self.progress = 0.0
        self.told_progress = 0.0
        self.told_at = 0.0
        self._valid_until = valid_until
        self._lock = threading.Lock()
        self._end: End | None = None
        self._on_end: Callable[[], None] | None = None

    @property
    def end(self) -> End | None:
        """Why it ended, or None."""
        # One that could not be renewed in time ends here and not in the heartbeat, which may be
        # waiting for a PostgreSQL that does not answer.
        if self._end is None and time.monotonic() > self._valid_until:
            self.end_as(End.LOST)
        return self._end

    def check(self) -> None:
        """Raise LeaseLost if there is a reason to stop."""
        if self.end is not None:
            raise LeaseLost(f"{self.claim.calculation_id}: {self.end.value}")

    def renewed(self, valid_until: float) -> None:
        """Note a renewal; `valid_until` is on the monotonic clock."""
        self._valid_until = valid_until

    def end_as(self, end: End) -> None:
        """Give up for this reason, if there is none yet, and say so at once to `on_end`."""
        with self._lock:
            if self._end is not None:
                return
            self._end = end
            callback = self._on_end
        if callback is not None:
            callback()

    def on_end(self, callback: Callable[[], None]) -> None:
        """Call back when the lease ends, from any thread; at once if it has."""
        with self._lock:
            self._on_end = callback
            ended = self._end is not None
        if ended:
            callback()


class Leases:
    """Holds leases and renews them in a thread of its own until it is closed."""

    def __init__(
        self, engine: Engine, worker_id: UUID, *, lease_seconds: float, heartbeat_seconds: float
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._lease_seconds = lease_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._lock = threading.Lock()
        self._held: set[Lease] = set()
        self._stopping = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Say whether the heartbeat still beats."""
        return self._thread.is_alive()

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is held."""
        return not self._held

    def hold(self, claim: Claim, asked_at: float) -> Lease:
        """Keep a claim alive from now on; `asked_at` is when it was asked for (monotonic)."""
        lease = Lease(claim, asked_at + self._lease_seconds)
        with self._lock:
            self._held.add(lease)
            stopping = self._stopping
        if stopping:
            lease.end_as(End.STOPPING)
        return lease

    def drop(self, lease: Lease) -> None:
        """Forget a claim that has been finished, released or lost."""
        with self._lock:
            self._held.discard(lease)

    def stop_all(self) -> None:
        """End every lease, and those yet to come: this worker is going."""
        with self._lock:
            self._stopping = True
            held = list(self._held)
        for lease in held:
            lease.end_as(End.STOPPING)

    def close(self) -> None:
        """Stop renewing."""
        self._closed.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._closed.wait(self._heartbeat_seconds):
            try:
                with outages_raised():
                    self._renew()
            except StoreUnavailable as error:
                logger.warning("cannot renew leases, trying again: %s", error)
            except Exception:
                logger.exception("cannot renew leases")

    def _renew(self) -> None:
        with self._lock:
            leases = [lease for lease in self._held if lease.end is None]
        if not leases:
            return
        asked_at = time.monotonic()
        renewals = [
            Renewal(lease.claim.calculation_id, lease.claim.attempt, lease.progress)
            for lease in leases
        ]
        moved = {
            lease.claim.calculation_id: renewal.progress
            for lease, renewal in zip(leases, renewals, strict=True)
            if renewal.progress - lease.told_progress >= _NOTICEABLE_PROGRESS
            and asked_at - lease.told_at >= _NOTICE_SECONDS
        }
        with self._engine.begin() as connection:
            still_held = extend_leases(
                connection,
                renewals,
                worker_id=self._worker_id,
                lease_seconds=self._lease_seconds,
            )
            notify_changed(connection, moved)
        for lease in leases:
            identity = lease.claim.calculation_id
            if identity not in still_held:
                lease.end_as(End.LOST)
                continue
            lease.renewed(asked_at + self._lease_seconds)
            if identity in moved:
                lease.told_progress, lease.told_at = moved[identity], asked_at
            if still_held[identity]:
                lease.end_as(End.CANCELLED)
