"""Places in the heavy lane: shares for keys, small ones first, nothing waits forever."""

import heapq
from uuid import UUID

import pytest

from gateway.admission.delays import Backlog
from shared.calculation import Lane
from shared.store.totals.queued_work import Group, Sums, group_of
from tests.factories import make_calculation


def make(number, seconds, lane=Lane.HEAVY):
    return make_calculation(id=UUID(int=number), lane=lane, charged_seconds=seconds)


def groups(*seconds, lane=Lane.HEAVY):
    """Return the sums of queued calculations of one key."""
    found: dict[Group, Sums] = {}
    for one in seconds:
        group = group_of(lane, one)
        count, total, _ = found.get(group, Sums(0, 0, 0))
        found[group] = Sums(count + 1, total + one, 0)
    return found


def delay(backlog, seconds):
    return backlog.delays([make(1, seconds)])[UUID(int=1)]


def test_a_calculation_comes_after_what_its_key_has_in_its_class_and_below():
    backlog = Backlog(groups(1, 1.5, 3, 100), pace=1.0)
    assert delay(backlog, 0.5) == pytest.approx(0.5)
    assert delay(backlog, 1.2) == pytest.approx(1 + 1.5 + 1.2)
    assert delay(backlog, 2) == pytest.approx(1 + 1.5 + 3 + 2)
    assert delay(backlog, 64) == pytest.approx(5.5 + 100 + 64)


def test_delays_are_those_of_the_keys_share_of_the_slots():
    assert delay(Backlog(groups(4), pace=3 / 2), 5) == pytest.approx((4 + 5) * 3 / 2)


def test_quick_work_neither_has_a_delay_nor_causes_one():
    backlog = Backlog(groups(0.01, lane=Lane.QUICK), pace=1.0)
    assert delay(backlog, 1) == pytest.approx(1)
    assert backlog.delays([make(1, 0.01, Lane.QUICK)]) == {}


def test_in_a_batch_small_ones_come_first_and_equal_ones_in_its_order():
    seconds = {1: 100, 2: 1, 3: 100, 4: 1, 5: 30}
    batch = [make(number, one) for number, one in seconds.items()]
    delays = Backlog(groups(10), pace=1.0).delays(batch)
    by_number = {identity.int: seconds for identity, seconds in delays.items()}
    assert by_number == pytest.approx({2: 1, 4: 2, 5: 42, 1: 142, 3: 242})


def test_calculations_without_cost_have_places_of_their_own():
    """Otherwise any number of them could go ahead of everything else."""
    delays = Backlog({}, pace=1.0).delays([make(number, 0.0) for number in range(3)])
    assert len(set(delays.values())) == 3
    assert min(delays.values()) > 0


def test_where_publication_lags_behind_so_does_new_work():
    """Otherwise what is overdue of a flood would all be ahead of it."""
    assert delay(Backlog({}, 1.0, lag_seconds=60), 2) == pytest.approx(-58)


class HeavyLane:
    """One slot, and what the relay does, by a clock that only computing moves.

    Calculations take `slowness` times what they are charged.
    """

    def __init__(self, slowness=1.0):
        self.now = 0.0
        self.queue = []
        self.started = {}
        self._slowness = slowness
        self._numbers = iter(range(10**6))

    def submit(self, key, *seconds):
        mine = [one for _, _, name, one in self.queue if name == key]
        active = len({name for _, _, name, _ in self.queue})
        lag = max(0.0, self.now - self.queue[0][0]) if self.queue else 0.0
        backlog = Backlog(groups(*mine), pace=active + 1, lag_seconds=lag)
        made = {UUID(int=next(self._numbers)): one for one in seconds}
        delays = backlog.delays([make(number.int, one) for number, one in made.items()])
        for number, one in made.items():
            heapq.heappush(self.queue, (self.now + delays[number], number.int, key, one))
        return [number.int for number in made]

    def run_next(self):
        """Compute the next; return its key."""
        _, number, key, seconds = heapq.heappop(self.queue)
        self.started[number] = self.now
        self.now += seconds * self._slowness
        return key


@pytest.mark.parametrize("slowness", [0.5, 1, 5])
def test_a_steady_stream_of_short_ones_does_not_starve_a_long_one(slowness):
    """The slot is never without a short one, even where these take longer than estimated."""
    lane = HeavyLane(slowness)
    lane.submit("stream", 1, 1, 1)
    (long,) = lane.submit("other", 60)
    while long not in lane.started:
        lane.run_next()
        lane.submit("stream", 1)
        assert lane.now <= 60 * 4 * max(1, slowness)


@pytest.mark.parametrize("slowness", [0.5, 1, 5])
@pytest.mark.parametrize("key", ["flood", "other"])
def test_a_flood_does_not_delay_a_short_one_of_any_key(slowness, key):
    lane = HeavyLane(slowness)
    lane.submit("flood", *[10] * 200)
    waits = []
    for _ in range(50):
        lane.run_next()
        submitted = lane.now
        (short,) = lane.submit(key, 0.5)
        while short not in lane.started:
            lane.run_next()
        waits.append(lane.started[short] - submitted)
    # At most one of the flood is ahead of it.
    assert max(waits) <= 10 * slowness


def test_two_floods_share():
    lane = HeavyLane()
    lane.submit("first", *[10] * 100)
    for _ in range(10):
        lane.run_next()
    lane.submit("second", *[10] * 100)
    keys = [lane.run_next() for _ in range(60)]
    assert 20 <= keys.count("second") <= 45
    assert all({"first", "second"} <= set(keys[n : n + 10]) for n in range(50))


def test_a_long_one_of_another_key_is_not_behind_a_flood_as_long():
    lane = HeavyLane()
    lane.submit("flood", *[10] * 100)
    lane.run_next()
    (one,) = lane.submit("other", 10)
    while one not in lane.started:
        lane.run_next()
    assert lane.now <= 10 * 5
