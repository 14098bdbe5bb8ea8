"""A lease as its worker sees it: when it ends, and who is notified."""

import time
from typing import Any
from uuid import uuid4

import pytest

from shared.errors import LeaseLost
from shared.store.leases import Claim
from workers.heavy.lease import End, Lease, Leases


def make_claim() -> Claim:
    return Claim(uuid4(), 1, "fibonacci", 1, '{"n":1}', 1.0, None, None, 1, ())


def make_leases(lease_seconds=60.0) -> Leases:
    engine: Any = None  # nothing is renewed
    return Leases(engine, uuid4(), lease_seconds=lease_seconds, heartbeat_seconds=60)


def test_a_lease_ends_by_itself_when_it_is_not_renewed_in_time():
    lease = Lease(make_claim(), time.monotonic() + 60)
    lease.check()
    lease.extend(time.monotonic() - 0.001)
    assert lease.end is End.LOST
    with pytest.raises(LeaseLost):
        lease.check()


def test_a_lease_counts_from_when_its_claim_was_requested():
    now = time.monotonic()
    leases = make_leases(60)
    assert leases.hold(make_claim(), now - 61).end is End.LOST
    assert leases.hold(make_claim(), now - 50).end is None


def test_the_first_reason_to_end_counts_and_is_notified_of_once():
    notified = []
    lease = Lease(make_claim(), time.monotonic() + 60)
    lease.on_end(lambda: notified.append(lease.end))
    assert notified == []
    lease.end_as(End.CANCELLED)
    lease.end_as(End.STOPPING)
    assert notified == [End.CANCELLED]


def test_a_callback_that_is_set_after_the_end_is_called_at_once():
    notified = []
    lease = Lease(make_claim(), time.monotonic() + 60)
    lease.end_as(End.CANCELLED)
    lease.on_end(lambda: notified.append("killed"))
    assert notified == ["killed"]


def test_a_worker_that_stops_ends_all_its_leases_and_any_to_come():
    leases = make_leases()
    held, dropped = (leases.hold(make_claim(), time.monotonic()) for _ in range(2))
    leases.drop(dropped)
    leases.stop_all()
    assert (held.end, dropped.end) == (End.STOPPING, None)
    assert leases.hold(make_claim(), time.monotonic()).end is End.STOPPING


def test_leases_are_idle_while_none_is_held():
    leases = make_leases()
    assert leases.is_idle
    lease = leases.hold(make_claim(), time.monotonic())
    assert not leases.is_idle
    leases.drop(lease)
    assert leases.is_idle
