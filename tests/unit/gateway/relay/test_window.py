"""When the heavy lane's window has room again, by claims alone."""

import pytest

from gateway.relay.window import Window


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("gateway.relay.window.time", clock)
    return clock


def test_without_anything_that_waits_no_claim_makes_room():
    window = Window()
    window.begin_take()
    window.end_take(None)
    window.note_claims(100)
    assert (window.is_full, window.has_room_again) == (False, False)


def test_there_is_room_after_as_many_claims_as_the_take_said():
    window = Window()
    window.note_claims(50)
    window.begin_take()
    window.end_take(3)
    assert window.is_full
    for expected in (False, False, True, True):
        window.note_claims(1)
        assert window.has_room_again is expected
    window.begin_take()
    assert (window.is_full, window.has_room_again) == (False, False)


def test_claims_during_a_take_count():
    """The statement may not have seen them; without them the lane could wait forever."""
    window = Window()
    window.begin_take()
    window.note_claims(1)
    assert not window.has_room_again
    window.end_take(1)
    assert window.has_room_again


def test_claims_are_heard_from_the_beginning_of_a_take():
    window = Window()
    window.note_claims(1)
    window.begin_take()
    assert not window.has_heard_claims
    window.note_claims(1)
    window.end_take(5)
    assert window.has_heard_claims


def test_the_rate_of_claims_is_that_of_about_the_last_second(clock):
    window = Window()
    assert window.claims_per_second == 0
    for _ in range(400):
        clock.now += 0.05
        window.note_claims(10)
    assert window.claims_per_second == pytest.approx(200, rel=0.05)
    clock.now += 1
    assert window.claims_per_second == pytest.approx(200 / 2.718, rel=0.05)
    clock.now += 20
    assert window.claims_per_second < 0.001
