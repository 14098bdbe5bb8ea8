"""Programs run as children, ended completely, and found again by those who come later."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compose.services import leftovers, process_table
from compose.services.errors import NotReady
from compose.services.leftovers import end_leftovers
from compose.services.processes import Process
from tests.eventually import eventually

ROOT = Path(__file__).parents[3]

#: A child in a session of its own, as PostgreSQL and Erlang have them, that ignores what can be.
FAMILY = "setsid sh -c 'trap \"\" TERM INT HUP; echo child; sleep 300' & echo parent; wait"
STUBBORN = "trap '' TERM; echo here; while true; do sleep 0.1; done"
POLITE = "trap 'echo bye; exit 7' TERM; echo here; while true; do sleep 0.02; done"


@pytest.fixture
def make(tmp_path) -> Iterator[Callable[..., Process]]:
    """Makes processes that run a line of shell, and ends them."""
    made = []

    def make_process(line: str, name: str = "program", **options) -> Process:
        process = Process(
            name,
            ["sh", "-c", line],
            environment={"PATH": os.environ["PATH"]},
            folder=tmp_path,
            record=tmp_path / f"{name}.process",
            log=tmp_path / f"{name}.log",
            **options,
        )
        made.append(process)
        return process

    yield make_process
    for process in made:
        process.kill()


def started(process: Process, *words: str) -> Process:
    """Start it, and wait until it has written these."""
    process.start()
    log = process._log
    eventually(lambda: set(words or ["here"]) <= set(log.read_text().split()))
    return process


def is_alive(pid: int | None) -> bool:
    return pid is not None and process_table.find(pid) is not None


def test_a_program_name_may_contain_any_character(tmp_path):
    """proc(5) writes it into the middle of a line, in brackets."""
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "300"]) as process:
        try:
            entry = process_table.find(process.pid)
        finally:
            process.kill()
    assert entry is not None
    assert (entry.pid, entry.parent) == (process.pid, os.getpid())


def test_a_zombie_is_not_alive():
    with subprocess.Popen(["true"]) as process:
        eventually(lambda: process_table.find(process.pid) is None)


def test_a_stop_lets_a_program_shut_down_itself(make, tmp_path):
    process = started(make(POLITE))
    process.stop()
    assert process.exit_status == 7
    assert "bye" in (tmp_path / "program.log").read_text()


def test_a_program_that_ignores_its_stop_signal_is_killed(make):
    process = started(make(STUBBORN, stop_plan=[(signal.SIGTERM, 0.2)]))
    process.stop()
    assert process.exit_status == -signal.SIGKILL


def test_the_signals_of_a_stop_plan_are_sent_in_turn(make):
    plan = [(signal.SIGTERM, 0.2), (signal.SIGINT, 10.0)]
    process = started(
        make(
            "trap '' TERM; trap 'exit 5' INT; echo here; while :; do sleep 0.02; done",
            stop_plan=plan,
        )
    )
    process.stop()
    assert process.exit_status == 5


def test_a_fast_stop_shortens_one_that_has_begun(make):
    process = started(make(STUBBORN, stop_plan=[(signal.SIGTERM, 5.0)]))
    asked: list[None] = []

    def hurry() -> bool:
        asked.append(None)
        return len(asked) > 3

    process.stop(hurry)
    assert process.exit_status == -signal.SIGKILL
    assert 3 < len(asked) < 100  # half a second, polled every 20 ms


def test_a_kill_reaches_children_in_sessions_of_their_own(make):
    process = started(make(FAMILY), "parent", "child")
    family = [entry.pid for entry in process.family()]
    assert len(family) >= 2
    process.kill()
    assert not any(map(is_alive, family))


def test_children_of_a_dead_program_are_ended_before_it_is_restarted(make):
    process = started(make("sleep 300 & echo here; wait"))
    first = {entry.pid for entry in process.family()}
    assert len(first) == 2
    process.send(signal.SIGKILL)
    eventually(lambda: not process.running)
    assert any(map(is_alive, first))
    process.start()
    assert not any(map(is_alive, first))
    assert process.running


def test_starting_a_running_program_changes_nothing(make):
    process = started(make(STUBBORN))
    pid = process.pid
    process.start()
    assert process.pid == pid


def test_a_record_exists_as_long_as_the_program_runs(make, tmp_path):
    process = started(make(POLITE))
    assert (tmp_path / "program.process").exists()
    process.stop()
    assert not (tmp_path / "program.process").exists()


def test_waiting_for_an_ended_program_fails_with_its_exit_status(make):
    process = make("exit 3")
    process.start()
    with pytest.raises(NotReady, match="ended with 3"):
        process.wait_until(lambda: False, 30)


def test_waiting_has_a_time_limit(make):
    process = started(make(STUBBORN))
    with pytest.raises(NotReady, match="program did not answer"):
        process.wait_until(lambda: False, 0.1)


LAUNCH = """
import pathlib, signal, sys, time
from compose.services.processes import Process
folder = pathlib.Path(sys.argv[1])
Process("program", ["sh", "-c", sys.argv[2]], environment={"PATH": "/bin:/usr/bin"}, folder=folder,
        record=folder / "program.process", log=folder / "program.log").start()
time.sleep(300)
"""


def launched_and_orphaned(folder: Path, line: str) -> None:
    """Start a program from a launcher that is then killed."""
    command = [sys.executable, "-c", LAUNCH, str(folder), line]
    with subprocess.Popen(command, cwd=ROOT) as launcher:
        log = folder / "program.log"
        eventually(lambda: log.exists() and "here" in log.read_text())
        eventually((folder / "program.process").exists)
        launcher.kill()


def test_the_death_of_the_launcher_stops_its_programs(tmp_path):
    launched_and_orphaned(tmp_path, POLITE)
    eventually(lambda: "bye" in (tmp_path / "program.log").read_text())


def test_a_program_that_outlives_its_launcher_is_ended_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_GRACE_SECONDS", 0.2)
    record = tmp_path / "program.process"
    launched_and_orphaned(tmp_path, STUBBORN)
    pid = leftovers._still_running(record)[0]
    assert end_leftovers([record]) == ["program"]
    assert not is_alive(pid)
    assert not record.exists()


def test_a_leftover_program_has_time_to_end(tmp_path):
    line = "trap 'sleep 0.3; echo bye; exit' TERM; echo here; while true; do sleep 0.02; done"
    launched_and_orphaned(tmp_path, line)
    end_leftovers([tmp_path / "program.process"])
    assert "bye" in (tmp_path / "program.log").read_text()


def test_another_program_with_the_same_process_id_is_left_alone(make, tmp_path):
    record = tmp_path / "program.process"
    process = started(make(STUBBORN))
    note = record.read_text().replace(f'"started": {process._started}', '"started": 1')
    record.write_text(note)
    assert end_leftovers([record]) == []
    assert process.running
    assert not record.exists()


def test_a_record_of_another_boot_ends_nothing(make, tmp_path):
    record = tmp_path / "program.process"
    process = started(make(STUBBORN))
    record.write_text(record.read_text().replace(process_table.boot_id(), "another"))
    assert end_leftovers([record]) == []
    assert process.running


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_record_that_was_cut_off_is_removed(tmp_path, text):
    record = tmp_path / "program.process"
    record.write_text(text)
    assert end_leftovers([record, tmp_path / "none.process"]) == []
    assert not record.exists()


def test_a_session_without_its_leader_is_identified_by_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_GRACE_SECONDS", 0.2)
    launched_and_orphaned(tmp_path, "sleep 300 & echo here; wait")
    record = tmp_path / "program.process"
    eventually(lambda: len(leftovers._still_running(record)) == 1)  # the leader has ended
    [orphan] = leftovers._still_running(record)
    record.write_text(record.read_text().replace(str(tmp_path), "/elsewhere"))
    assert end_leftovers([record]) == []
    assert is_alive(orphan)
    os.kill(orphan, signal.SIGKILL)


@pytest.mark.parametrize(
    ("program", "is_ended"), [(".venv/bin/python", True), ("/bin/sleep", False)]
)
def test_one_that_hides_its_folder_is_identified_by_its_program(
    tmp_path, monkeypatch, program, is_ended
):
    """As gateway, relay and workers do, where another user than root started them."""
    monkeypatch.setattr(leftovers, "_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(process_table, "working_folder", lambda _: None)
    monkeypatch.setattr(process_table, "program", lambda _: tmp_path / program)
    launched_and_orphaned(tmp_path, "sleep 300 & echo here; wait")
    record = tmp_path / "program.process"
    eventually(lambda: len(process_table.family_of(*leader_in(record))) == 1)
    [orphan] = process_table.family_of(*leader_in(record))
    assert end_leftovers([record]) == (["program"] if is_ended else [])
    assert is_alive(orphan.pid) is not is_ended
    if not is_ended:
        os.kill(orphan.pid, signal.SIGKILL)


def leader_in(record: Path) -> tuple[int, float]:
    note = json.loads(record.read_text())
    return note["pid"], note["started"]
