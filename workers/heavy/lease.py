"""The leases that a heavy worker holds, and the heartbeat: one thread that renews them all.

What is written under a lease is in claimed_writes.py.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from uuid import UUID

from sqlalchemy import Engine

from shared.errors import LeaseLost, StoreUnavailable
from shared.postgres.outages import outages_raised
from shared.store.leases import Claim, Renewal, extend_leases
from shared.store.notifications import notify_changed

logger = logging.getLogger(__name__)

#: Clients that wait are notified of progress when it has grown by this much …
_NOTIFY_PROGRESS = 0.01
#: … and this time has passed since the last notification.
_NOTIFY_SECONDS = 1.0


class End(Enum):
    """Why a claim must be given up before its calculation has finished."""

    CANCELLED = "cancelled"
    LOST = "lost"
    STOPPING = "stopping"


class Lease:
    """One claim, its latest progress, and whether this worker may still work on it.

    `valid_until` is on the monotonic clock. Threads may share a lease.
    """

    def __init__(self, claim: Claim, valid_until: float) -> None:
        self.claim = claim
        self.progress = 0.0
        self.notified_progress = 0.0
        self.notified_at = 0.0
        self._valid_until = valid_until
        self._lock = threading.Lock()
        self._end: End | None = None
        self._on_end: Callable[[], None] | None = None

    @property
    def end(self) -> End | None:
        """Why it ended; None while it is valid."""
        # A lease that was not renewed in time ends here, and not in the heartbeat, which may be
        # waiting for a PostgreSQL that does not answer.
        if self._end is None and time.monotonic() > self._valid_until:
            self.end_as(End.LOST)
        return self._end

    def check(self) -> None:
        """Raise LeaseLost if it has ended."""
        if self.end is not None:
            raise LeaseLost(f"{self.claim.calculation_id}: {self.end.value}")

    def extend(self, valid_until: float) -> None:
        """Note that it was renewed, until this time on the monotonic clock."""
        self._valid_until = valid_until

    def end_as(self, end: End) -> None:
        """End it for this reason, unless it has ended already, and call back at once."""
        with self._lock:
            if self._end is not None:
                return
            self._end = end
            callback = self._on_end
        if callback is not None:
            callback()

    def on_end(self, callback: Callable[[], None]) -> None:
        """Have this called when the lease ends, from any thread; at once if it has ended."""
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
        """Start the heartbeat."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Return whether the heartbeat's thread runs."""
        return self._thread.is_alive()

    @property
    def held(self) -> int:
        """How many leases are held."""
        return len(self._held)

    @property
    def is_idle(self) -> bool:
        """Return whether no lease is held."""
        return not self._held

    def hold(self, claim: Claim, requested_at: float) -> Lease:
        """Renew a claim's lease from now on.

        `requested_at` is when the claim was sent to PostgreSQL, on the monotonic clock. Counted
        from then, the lease ends here no later than there.
        """
        lease = Lease(claim, requested_at + self._lease_seconds)
        with self._lock:
            self._held.add(lease)
            stopping = self._stopping
        if stopping:
            lease.end_as(End.STOPPING)
        return lease

    def drop(self, lease: Lease) -> None:
        """Stop renewing the lease of a claim that has been finished, released or lost."""
        with self._lock:
            self._held.discard(lease)

    def stop_all(self) -> None:
        """End every lease, and any that is still to come, because this worker stops."""
        with self._lock:
            self._stopping = True
            held = list(self._held)
        for lease in held:
            lease.end_as(End.STOPPING)

    def close(self) -> None:
        """Stop the heartbeat."""
        self._closed.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._closed.wait(self._heartbeat_seconds):
            try:
                with outages_raised():
                    self._renew()
            except StoreUnavailable as error:
                logger.warning("Cannot renew leases, trying again: %s", error)
            except Exception:
                logger.exception("Cannot renew leases")

    def _renew(self) -> None:
        with self._lock:
            leases = [lease for lease in self._held if lease.end is None]
        if not leases:
            return
        requested_at = time.monotonic()
        renewals = [
            Renewal(lease.claim.calculation_id, lease.claim.attempt, lease.progress)
            for lease in leases
        ]
        moved = {
            lease.claim.calculation_id: renewal.progress
            for lease, renewal in zip(leases, renewals, strict=True)
            if renewal.progress - lease.notified_progress >= _NOTIFY_PROGRESS
            and requested_at - lease.notified_at >= _NOTIFY_SECONDS
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
            lease.extend(requested_at + self._lease_seconds)
            if identity in moved:
                lease.notified_progress, lease.notified_at = moved[identity], requested_at
            if still_held[identity]:
                lease.end_as(End.CANCELLED)
