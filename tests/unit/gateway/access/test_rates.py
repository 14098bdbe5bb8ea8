"""The rate of a key, by a clock of the test; across processes by the real one."""

import os
import time

import pytest

from gateway.access.rates import Rates


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rates(clock):
    rates = Rates(clock)
    yield rates
    rates.close()


def count_taken(rates, number, rate, tries):
    return sum(rates.take(number, rate) == 0 for _ in range(tries))


@pytest.mark.parametrize(("rate", "burst"), [(50, 50), (2.5, 2), (1, 1), (0.1, 1)])
def test_one_seconds_worth_may_come_at_once_and_one_request_at_least(rates, rate, burst):
    assert count_taken(rates, 7, rate, 100) == burst


def test_over_a_long_time_as_many_are_let_in_as_the_rate_says(rates, clock):
    taken = 0
    for _ in range(1_000):
        taken += count_taken(rates, 7, 5, 3)
        clock.now += 0.1
    assert taken == 5 + 5 * 100 - 1  # the burst, and what came in the 99.9 s after it


@pytest.mark.parametrize("rate", [50, 1, 0.1])
def test_after_the_time_that_is_said_and_not_before_a_request_is_let_in(rates, clock, rate):
    count_taken(rates, 7, rate, 100)
    wait = rates.take(7, rate)
    assert 0 < wait <= 1 / rate
    clock.now += wait * 0.99
    assert rates.take(7, rate) > 0
    clock.now += wait * 0.011
    assert rates.take(7, rate) == 0


def test_a_request_that_is_refused_is_not_counted(rates, clock):
    count_taken(rates, 7, 1, 1_000)
    clock.now += 1
    assert rates.take(7, 1) == 0


def test_keys_do_not_share_their_rates(rates):
    assert count_taken(rates, 7, 1, 5) == 1
    assert count_taken(rates, 8, 1, 5) == 1


def test_a_key_that_shares_its_slot_with_a_slow_one_is_not_shut_out_for_long(rates, clock):
    assert rates.take(7, 0.001) == 0
    wait = rates.take(7 + 65_536, 10)
    assert wait < 0.11
    clock.now += wait
    assert rates.take(7 + 65_536, 10) == 0


def test_two_processes_together_let_in_what_one_would():
    # Nearly every request is counted, so that the processes get into each other's way.
    rates, rate, tries = Rates(), 20_000, 20_000
    began = time.monotonic()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(count_taken(rates, 7, rate, tries)).encode())
        os._exit(0)
    taken = count_taken(rates, 7, rate, tries)
    os.waitpid(child, 0)
    taken += int(os.read(reader, 20))
    seconds = time.monotonic() - began
    rates.close()
    assert rate <= taken <= rate * (1 + seconds) + 1


def test_a_process_that_is_killed_while_it_counts_does_not_stop_the_others(clock, rates):
    class Killer:
        def __call__(self):
            os.kill(os.getpid(), 9)

    child = os.fork()
    if child == 0:
        rates._clock = Killer()
        rates.take(7, 1)
    os.waitpid(child, 0)
    assert rates.take(7, 1) == 0
