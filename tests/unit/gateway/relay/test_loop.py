"""A loop runs on whatever happens, and reports what is wrong."""

import logging

import psycopg2
import pytest

from gateway.relay.loop import Loop, LoopThread
from shared.errors import BrokerUnavailable, StoreUnavailable
from tests.eventually import eventually


class Trial:
    """A loop whose steps fail as a test wants, and a record of all that it calls."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.pauses: list[float] = []
        self.resets = 0
        self.changes: list[str | None] = []
        self.loop = Loop(
            "a part",
            self._step,
            pause=self.pauses.append,
            reset=self._reset,
            on_change=lambda: self.changes.append(self.loop.problem),
        )

    def _step(self) -> None:
        if self.error is not None:
            raise self.error

    def _reset(self) -> None:
        self.resets += 1

    def run(self, error: Exception | None = None, times: int = 1) -> None:
        self.error = error
        for _ in range(times):
            self.loop.run_once()


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_step_that_succeeds_is_followed_by_no_pause(trial):
    assert trial.loop.problem is not None  # nobody knows yet
    trial.run(times=3)
    assert (trial.loop.problem, trial.loop.failing_seconds) == (None, 0.0)
    assert (trial.pauses, trial.changes) == ([], [None])


def test_pauses_grow_while_rabbitmq_is_unavailable(trial):
    unavailable = BrokerUnavailable("RabbitMQ is unavailable.")
    trial.run(unavailable, times=4)
    assert trial.pauses == [1, 2, 3, 3]
    trial.run()
    trial.run(unavailable)
    assert trial.pauses[4:] == [1]
    assert trial.resets == 0


@pytest.mark.parametrize("error", [StoreUnavailable("down"), psycopg2.OperationalError("down")])
def test_connections_are_reset_after_postgresql_was_unavailable(trial, error):
    trial.run(error, times=2)
    assert (trial.pauses, trial.resets) == ([1, 1], 2)
    assert trial.loop.problem == "PostgreSQL is not available: down"


def test_a_bug_is_logged_with_its_traceback_and_tried_again(trial, caplog):
    trial.run(KeyError("a bug"))
    (traceback,) = [record for record in caplog.records if record.exc_info]
    assert traceback.levelno == logging.ERROR
    assert (trial.pauses, trial.resets) == ([5], 0)
    assert "bug" in (trial.loop.problem or "")


def test_a_problem_is_logged_once_while_it_lasts_and_again_when_it_returns(trial, caplog):
    caplog.set_level(logging.INFO)
    trial.run(BrokerUnavailable("one"), times=3)
    trial.run(BrokerUnavailable("another"), times=2)
    trial.run()
    trial.run(BrokerUnavailable("one"))
    logged = [line.partition(" after")[0] for line in caplog.messages]
    assert logged == ["a part: one", "a part: another", "a part: works again", "a part: one"]
    assert trial.changes == ["one", "another", None, "one"]


def test_a_loop_fails_from_its_first_failure_to_its_next_success(trial, monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr("gateway.relay.loop.time", clock)
    trial.run(BrokerUnavailable("one"))
    clock.now += 7
    trial.run(BrokerUnavailable("another"))
    clock.now += 5
    assert trial.loop.failing_seconds == 12
    trial.run()
    assert trial.loop.failing_seconds == 0
    trial.run(BrokerUnavailable("one"))
    assert trial.loop.failing_seconds == 0


def test_a_loop_thread_stops_during_a_pause_and_cleans_up_last():
    ends: list[str] = []

    def fail() -> None:
        raise BrokerUnavailable("down")

    thread = LoopThread(
        "a part",
        fail,
        reset=lambda: None,
        on_change=lambda: None,
        on_end=lambda: ends.append("end"),
    )
    thread.start()
    eventually(lambda: thread.problem == "down")
    assert ends == []
    thread.stop()
    thread.join(0.9)  # it would pause for a second
    assert (ends, thread.is_stopping) == (["end"], True)
