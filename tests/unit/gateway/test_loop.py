"""A part of the relay goes on whatever happens, and says what hinders it."""

import logging

import psycopg2
import pytest

from gateway.relay.loop import Loop, LoopThread
from shared.errors import BrokerUnavailable, StoreUnavailable
from tests.eventually import eventually


class Trial:
    """A loop whose turns end as it is told, and all that it does besides."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.pauses: list[float] = []
        self.forgotten = 0
        self.changes: list[str | None] = []
        self.loop = Loop(
            "a part",
            self._turn,
            pause=self.pauses.append,
            forget=self._forget,
            changed=lambda: self.changes.append(self.loop.problem),
        )

    def _turn(self) -> None:
        if self.error is not None:
            raise self.error

    def _forget(self) -> None:
        self.forgotten += 1

    def turn(self, error: Exception | None = None, times: int = 1) -> None:
        self.error = error
        for _ in range(times):
            self.loop.do_turn()


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_turn_that_goes_well_pauses_for_nothing(trial):
    assert trial.loop.problem is not None  # nobody knows yet
    trial.turn(times=3)
    assert (trial.loop.problem, trial.loop.failing_seconds) == (None, 0.0)
    assert (trial.pauses, trial.changes) == ([], [None])


def test_rabbitmq_is_asked_less_and_less_often_until_it_is_back(trial):
    away = BrokerUnavailable("RabbitMQ is away.")
    trial.turn(away, times=4)
    assert trial.pauses == [1, 2, 3, 3]
    trial.turn()
    trial.turn(away)
    assert trial.pauses[4:] == [1]
    assert trial.forgotten == 0


@pytest.mark.parametrize("error", [StoreUnavailable("away"), psycopg2.OperationalError("away")])
def test_connections_are_forgotten_when_postgresql_was_away(trial, error):
    trial.turn(error, times=2)
    assert (trial.pauses, trial.forgotten) == ([1, 1], 2)
    assert trial.loop.problem == "PostgreSQL is not available: away"


def test_a_bug_is_logged_with_its_traceback_and_tried_again(trial, caplog):
    trial.turn(KeyError("a bug"))
    (traceback,) = [record for record in caplog.records if record.exc_info]
    assert traceback.levelno == logging.ERROR
    assert (trial.pauses, trial.forgotten) == ([5], 0)
    assert "bug" in (trial.loop.problem or "")


def test_what_is_wrong_is_logged_once_while_it_lasts_and_again_after_it_was_over(trial, caplog):
    caplog.set_level(logging.INFO)
    trial.turn(BrokerUnavailable("one"), times=3)
    trial.turn(BrokerUnavailable("another"), times=2)
    trial.turn()
    trial.turn(BrokerUnavailable("one"))
    said = [line.partition(" after")[0] for line in caplog.messages]
    assert said == ["a part: one", "a part: another", "a part: works again", "a part: one"]
    assert trial.changes == ["one", "another", None, "one"]


def test_a_loop_fails_from_its_first_failure_to_its_next_success(trial, monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr("gateway.relay.loop.time", clock)
    trial.turn(BrokerUnavailable("one"))
    clock.now += 7
    trial.turn(BrokerUnavailable("another"))
    clock.now += 5
    assert trial.loop.failing_seconds == 12
    trial.turn()
    assert trial.loop.failing_seconds == 0
    trial.turn(BrokerUnavailable("one"))
    assert trial.loop.failing_seconds == 0


def test_a_thread_of_it_ends_in_the_midst_of_a_pause_and_cleans_up_last():
    ends: list[str] = []

    def fail() -> None:
        raise BrokerUnavailable("away")

    thread = LoopThread(
        "a part", fail, forget=lambda: None, changed=lambda: None, at_end=lambda: ends.append("end")
    )
    thread.start()
    eventually(lambda: thread.problem == "away")
    assert ends == []
    thread.stop()
    thread.join(0.9)  # it would pause for a second
    assert (ends, thread.is_stopping) == (["end"], True)
