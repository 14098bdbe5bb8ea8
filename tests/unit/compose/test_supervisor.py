"""What keeps the programs of `make up` running."""

from types import SimpleNamespace

import pytest

from compose.local import supervisor as module
from compose.local.supervisor import (
    FIRST_DELAY_SECONDS,
    LAST_DELAY_SECONDS,
    STEADY_SECONDS,
    StopRequested,
    Supervisor,
)
from compose.services.errors import NotReady


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Program:
    """A program that runs until a test lets it die; it notes when it was started."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.exit_status: int | None = None
        self.started_at: list[float] = []
        self._clock = clock

    @property
    def running(self) -> bool:
        return bool(self.started_at) and self.exit_status is None

    def start(self) -> None:
        self.exit_status = None
        self.started_at.append(self._clock.now)

    def stop(self, hurry) -> None:
        raise NotImplementedError


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(
        module, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    )
    return clock


@pytest.fixture
def said() -> list[str]:
    return []


def make_supervisor(said: list[str], stopping=lambda: False) -> Supervisor:
    return Supervisor(said.append, stopping)


def pause_after_death(supervisor: Supervisor, program: Program, clock: Clock) -> float:
    """Let it die; return how long until its restart."""
    program.exit_status = 1
    died_at, starts = clock.now, len(program.started_at)
    while len(program.started_at) == starts:
        supervisor.tick()
    return program.started_at[-1] - died_at


def test_a_dead_program_is_restarted_after_half_a_second(clock, said):
    supervisor, program = make_supervisor(said), Program("relay", clock)
    supervisor.start(program)
    assert pause_after_death(supervisor, program, clock) == pytest.approx(0.5, abs=0.15)
    assert program.running


def test_the_delay_doubles_with_each_death_up_to_a_limit(clock, said):
    supervisor, program = make_supervisor(said), Program("relay", clock)
    supervisor.start(program)
    pauses = [pause_after_death(supervisor, program, clock) for _ in range(9)]
    wanted = [min(FIRST_DELAY_SECONDS * 2**k, LAST_DELAY_SECONDS) for k in range(9)]
    assert pauses == pytest.approx(wanted, abs=0.15)
    assert wanted[-2:] == [30, 30]


def test_after_a_long_run_the_delay_is_short_again(clock, said):
    supervisor, program = make_supervisor(said), Program("relay", clock)
    supervisor.start(program)
    for _ in range(4):
        pause_after_death(supervisor, program, clock)
    clock.now += STEADY_SECONDS
    assert pause_after_death(supervisor, program, clock) == pytest.approx(0.5, abs=0.15)


def test_the_death_of_one_program_does_not_affect_others(clock, said):
    supervisor = make_supervisor(said)
    dying, other = Program("relay", clock), Program("gateway", clock)
    supervisor.start(dying)
    supervisor.start(other)
    pause_after_death(supervisor, dying, clock)
    assert len(other.started_at) == 1


@pytest.mark.parametrize(("status", "words"), [(-9, "signal 9"), (3, "status 3")])
def test_a_death_is_reported_once_with_its_reason(clock, said, status, words):
    supervisor, program = make_supervisor(said), Program("relay", clock)
    supervisor.start(program)
    program.exit_status = status
    for _ in range(3):
        supervisor.tick()
    assert len(said) == 1
    assert "relay" in said[0]
    assert words in said[0]


def test_waiting_fails_when_the_program_dies(clock, said):
    supervisor, program = make_supervisor(said), Program("postgres", clock)
    supervisor.start(program)
    program.exit_status = 1
    with pytest.raises(NotReady, match="postgres ended"):
        supervisor.wait_for(program, lambda: False, 60)


def test_waiting_fails_after_the_time_limit(clock, said):
    supervisor, program = make_supervisor(said), Program("postgres", clock)
    supervisor.start(program)
    began = clock.now
    with pytest.raises(NotReady, match="not ready within 60 s"):
        supervisor.wait_for(program, lambda: False, 60)
    assert clock.now - began == pytest.approx(60, abs=0.5)


def test_waiting_ends_once_the_program_is_ready(clock, said):
    supervisor, program = make_supervisor(said), Program("postgres", clock)
    supervisor.start(program)
    ready_at = clock.now + 7
    supervisor.wait_for(program, lambda: clock.now >= ready_at, 60)
    assert clock.now - ready_at < 0.5


def test_other_programs_are_restarted_during_a_wait(clock, said):
    supervisor = make_supervisor(said)
    waited_for, other = Program("nginx", clock), Program("gateway", clock)
    supervisor.start(waited_for)
    supervisor.start(other)
    other.exit_status = 1
    supervisor.wait_for(waited_for, lambda: len(other.started_at) == 2, 60)


def test_a_requested_stop_ends_all_waiting(clock, said):
    is_wanted = False
    supervisor = make_supervisor(said, lambda: is_wanted)
    program = Program("postgres", clock)
    supervisor.start(program)
    is_wanted = True
    with pytest.raises(StopRequested):
        supervisor.wait_for(program, lambda: False, 60)
    supervisor.run()  # returns


def test_nothing_is_restarted_after_a_requested_stop(clock, said):
    supervisor, program = make_supervisor(said, lambda: True), Program("relay", clock)
    supervisor.start(program)
    program.exit_status = 1
    with pytest.raises(StopRequested):
        supervisor.tick()
    assert said == []
