"""The relay fills the heavy lane's window again when workers claim, without polling."""

import dataclasses
from functools import partial

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON
from shared.store import calculations, leases
from shared.store.outbox.handed_back import hand_back
from shared.store.outbox.heavy_outbox import LEAST_WINDOW, take_heavy
from tests.eventually import eventually
from tests.integration.outbox import add_slots, make_relay, queue, running, unpublished
from tests.integration.rows import WORKER

NEVER_SECONDS = 600

pytestmark = pytest.mark.slow


@pytest.fixture
def woken_only(settings, monkeypatch):
    """Settings of a relay that polls only when it starts."""
    for name in ("_HEARTBEAT_SECONDS", "_ROOM_SECONDS"):
        monkeypatch.setattr(f"gateway.relay.process.{name}", NEVER_SECONDS)
    return dataclasses.replace(settings, relay_poll_seconds=NEVER_SECONDS)


def change_all(engine, columns):
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE calculations SET {columns}"))


def published(engine):
    """Return the ids of what is published and not claimed, in the order of publication."""
    with engine.begin() as connection:
        found = connection.execute(
            text(
                "SELECT id FROM calculations WHERE status = 'queued' AND published_at IS NOT NULL"
                " ORDER BY published_at"
            )
        )
        return list(found.scalars())


def are_published(engine, expected):
    return set(published(engine)) == expected


@pytest.fixture
def takes(monkeypatch):
    """What the relay has taken the heavy lane's rows with, each time."""
    takes = []

    def noted(*values):
        takes.append(values)
        return take_heavy(*values)

    monkeypatch.setattr("gateway.relay.lane.take_heavy", noted)
    return takes


def claim(engine, *ids):
    for identity in ids:
        with engine.begin() as connection:
            leases.claim_calculation(connection, identity, worker_id=WORKER, lease_seconds=15)


def test_each_claim_of_a_long_one_has_the_next_published_at_once(woken_only, relay_engine):
    add_slots(relay_engine, Lane.HEAVY, 2)
    made = queue(relay_engine, *range(6), lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    with relay_engine.begin() as connection:
        for place, calculation in enumerate(made):
            connection.execute(
                text(
                    "UPDATE calculations SET sort_at = now() + make_interval(secs => :place)"
                    " WHERE id = :id"
                ),
                {"id": calculation.id, "place": place},
            )
    ids = [calculation.id for calculation in made]
    with running(make_relay(woken_only, relay_engine)):
        eventually(partial(are_published, relay_engine, set(ids[:2])))
        for place in range(4):
            claim(relay_engine, ids[place])
            expected = {ids[place + 1], ids[place + 2]}
            eventually(partial(are_published, relay_engine, expected))


def test_a_short_one_is_published_before_a_flood_of_another_key(woken_only, relay_engine):
    """The flood was there first, and the short one waits for one claim."""
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, *range(100), lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60, sort_at = now() + interval '1 minute'")
    with running(make_relay(woken_only, relay_engine)):
        (first,) = eventually(lambda: published(relay_engine))
        (short,) = queue(relay_engine, 1_000, lane=Lane.HEAVY)
        claim(relay_engine, first)
        eventually(lambda: published(relay_engine) == [short.id])


def test_short_ones_are_published_many_at_a_time(woken_only, relay_engine, takes):
    count = 10 * LEAST_WINDOW
    queue(relay_engine, *range(count), lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 0.001")
    claimed = 0
    with running(make_relay(woken_only, relay_engine)):
        while claimed < count:
            ids = eventually(lambda: published(relay_engine))
            assert len(ids) <= LEAST_WINDOW
            claim(relay_engine, ids[0])
            claimed += 1
    assert unpublished(relay_engine) == 0
    # Half a window at a time, and a few more times at the start and where a claim counted twice.
    assert len(takes) <= 2 * count / (LEAST_WINDOW / 2)


def test_claims_without_a_word_are_polled_for_as_long_as_there_are_any(settings, relay_engine):
    """Workers of earlier versions do not notify the relay."""
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, *range(10), lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    heavy = make_relay(settings, relay_engine).lanes[Lane.HEAVY]
    assert (heavy.publish_batch(), heavy.waits_for_claims) == (1, True)
    claim(relay_engine, *published(relay_engine))
    assert (heavy.publish_batch(), heavy.waits_for_claims) == (1, False)
    assert (heavy.publish_batch(), heavy.waits_for_claims) == (0, True)
    claim(relay_engine, *published(relay_engine))
    heavy.note_claims(1)
    assert (heavy.publish_batch(), heavy.waits_for_claims) == (1, True)
    heavy.publisher.close()


def test_room_that_nobody_tells_of_is_found_soon_however_seldom_the_relay_polls(
    settings, relay_engine, monkeypatch
):
    monkeypatch.setattr("gateway.relay.process._HEARTBEAT_SECONDS", 0.5)
    seldom = dataclasses.replace(settings, relay_poll_seconds=NEVER_SECONDS)
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, 1, 2, lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    with running(make_relay(seldom, relay_engine)):
        (first,) = eventually(lambda: published(relay_engine))
        with relay_engine.begin() as connection:
            calculations.cancel_calculation(connection, first, CANCELLED_JSON)
        eventually(lambda: published(relay_engine) not in ([], [first]))


def test_what_is_handed_back_makes_room_at_once_and_is_no_work_done(woken_only, relay_engine):
    """Otherwise what no worker has a function for would hold up all others."""
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, *range(20), lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    relay = make_relay(woken_only, relay_engine)
    handed_back: set[object] = set()
    with running(relay):
        while len(handed_back) < 20:
            (identity,) = eventually(lambda: published(relay_engine))
            handed_back.add(identity)
            with relay_engine.begin() as connection:
                hand_back(connection, [identity], Lane.HEAVY)
    assert relay.lanes[Lane.HEAVY]._window.claims_per_second == 0


def test_a_claim_during_a_take_has_the_lane_take_again(settings, relay_engine, monkeypatch):
    """The take may not have seen it, and there may be no other claim for long."""
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, 1, 2, lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    heavy = make_relay(settings, relay_engine).lanes[Lane.HEAVY]
    heavy._woken.clear()

    def with_a_claim(*values):
        heavy.note_claims(1)
        return take_heavy(*values)

    monkeypatch.setattr("gateway.relay.lane.take_heavy", with_a_claim)
    assert heavy.publish_batch() == 1
    assert heavy.is_busy
    heavy.publisher.close()


def test_new_work_that_has_to_wait_does_not_wake_the_lane(woken_only, relay_engine, takes):
    add_slots(relay_engine, Lane.HEAVY, 1)
    queue(relay_engine, 1, 2, lane=Lane.HEAVY)
    change_all(relay_engine, "estimate_seconds = 60")
    relay = make_relay(woken_only, relay_engine)
    with running(relay):
        (first,) = eventually(lambda: published(relay_engine))
        eventually(lambda: relay.lanes[Lane.HEAVY].waits_for_claims)
        eventually(lambda: relay._next_poll_at > 0 and not relay.lanes[Lane.HEAVY].is_busy)
        before = len(takes)
        with relay_engine.begin() as connection:
            connection.execute(text("SELECT pg_notify('reckoner_outbox', 'heavy,quick')"))
        queue(relay_engine, 3)
        with relay_engine.begin() as connection:
            connection.execute(text("SELECT pg_notify('reckoner_outbox', 'quick')"))
        eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0)
        assert len(takes) == before
        claim(relay_engine, first)
        eventually(lambda: len(takes) > before)
