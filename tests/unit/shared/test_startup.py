"""How each process starts, and how it is told to stop."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.startup import USAGE_STATUS, call_on_stop_signals, load_settings_or_exit

ROOT = Path(__file__).parents[3]


@pytest.fixture
def handlers():
    """Give the stop signals their default handlers, and put back in the end what was there."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_settings_that_are_valid_are_returned():
    assert load_settings_or_exit().log_level in logging.getLevelNamesMapping()


def test_invalid_settings_are_printed_and_end_the_process(monkeypatch, capsys):
    monkeypatch.setenv("RECKONER_HEAVY_SLOTS", "many")
    with pytest.raises(SystemExit) as end:
        load_settings_or_exit()
    assert end.value.code == USAGE_STATUS
    assert "RECKONER_HEAVY_SLOTS" in capsys.readouterr().err


def test_a_process_that_has_started_logs_json_and_dies_at_its_crash_point():
    program = (
        "import logging; from shared import crash_points, startup; startup.start_process('relay');"
        "logging.info('started'); crash_points.crash_point('here'); print('alive')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"RECKONER_CRASH_POINT": "here", "RECKONER_LOG_LEVEL": "INFO"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert '"message": "started"' in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_calls_stop(handlers, number):
    calls = []
    call_on_stop_signals(lambda: calls.append(number))
    assert callable(signal.getsignal(number))  # or this test would end here
    signal.raise_signal(number)
    assert calls == [number]


def test_a_second_sighup_changes_nothing(handlers, monkeypatch):
    calls: list[str] = []
    monkeypatch.setattr("os._exit", lambda status: calls.append(f"exit {status}"))
    call_on_stop_signals(lambda: calls.append("stop"))
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)
    assert calls == ["stop"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_sigterm_or_sigint_ends_the_process_at_once(handlers, monkeypatch, number):
    statuses: list[int] = []
    monkeypatch.setattr("os._exit", statuses.append)
    call_on_stop_signals(lambda: None)
    signal.raise_signal(signal.SIGHUP)
    assert statuses == []
    signal.raise_signal(number)
    assert statuses == [128 + number]


def test_sighup_stays_ignored_under_nohup(handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    calls = []
    call_on_stop_signals(lambda: calls.append("stop"))
    signal.raise_signal(signal.SIGHUP)
    assert calls == []
