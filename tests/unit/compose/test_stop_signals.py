"""How `make up` takes the signals that end it."""

import signal
from types import SimpleNamespace

import pytest

from compose.local import stop_signals
from compose.local.stop_signals import StopSignals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def now(monkeypatch):
    """A time that tests set."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(stop_signals, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


@pytest.fixture(autouse=True)
def handlers():
    """Leave this process's own handlers as they were."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def caught() -> StopSignals:
    signals = StopSignals()
    signals.catch()
    return signals


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_requests_a_stop_and_not_a_fast_one(now, number):
    signals = caught()
    assert not signals.stopping()
    signal.raise_signal(number)
    assert signals.stopping()
    assert not signals.hurry()


def test_one_ctrl_c_that_arrives_twice_counts_once(now):
    """From the terminal, and passed on by make."""
    signals = caught()
    signal.raise_signal(signal.SIGINT)
    now.seconds += 0.2
    signal.raise_signal(signal.SIGTERM)
    assert not signals.hurry()


def test_a_second_ctrl_c_requests_a_fast_stop(now):
    signals = caught()
    signal.raise_signal(signal.SIGINT)
    now.seconds += 1.1
    signal.raise_signal(signal.SIGINT)
    assert signals.hurry()


def test_under_nohup_a_closed_terminal_ends_nothing(now):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = caught()
    signal.raise_signal(signal.SIGHUP)
    assert not signals.stopping()
