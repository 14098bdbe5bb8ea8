"""`reckoner doctor` on relays, workers, functions, storage and the machine."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import text

from reckoner.cli.operating.doctor import processes, storage
from shared.calculation import Lane
from shared.functions.registry import FunctionProblem, Registry
from shared.messages import VERSION
from shared.store import presence
from shared.store.retention.state import note_fault
from tests.integration.cli.doctor.conftest import levels, only
from tests.integration.rows import queue

ALL = ["factorial/1", "fibonacci/1"]


def relay(connection, problems=None):
    presence.upsert_relay(connection, uuid4(), host="h", pid=7, problems=problems or {})


def worker(connection, lane, offers=ALL, message_version=VERSION):
    presence.upsert_worker(
        connection,
        uuid4(),
        host="h",
        pid=8,
        lane=lane,
        slots=2,
        offers=offers,
        message_version=message_version,
    )


def test_without_processes_each_kind_is_named(examine, engine):
    with engine.begin() as connection:
        queue(connection, lane=Lane.HEAVY)
    (fault,) = only(examine(processes.check_relays), "fault")
    assert "No relay is alive" in fault
    quick, heavy = only(examine(processes.check_workers), "fault")
    assert "No quick worker is alive." in quick
    assert "No heavy worker is alive, and 1 calculation waits for one." in heavy
    assert "python -m workers heavy" in heavy


def test_processes_that_work_are_well(examine, engine):
    with engine.begin() as connection:
        relay(connection)
        for lane in Lane:
            worker(connection, lane)
    for check in (processes.check_relays, processes.check_workers, processes.check_functions):
        assert levels(examine(check)) == {"ok"}


def test_a_process_that_has_fallen_silent_is_not_alive(examine, engine):
    with engine.begin() as connection:
        relay(connection)
        worker(connection, Lane.QUICK)
        for table in ("relays", "workers"):
            connection.execute(text(f"UPDATE {table} SET seen_at = now() - interval '1 minute'"))
    assert "fault" in levels(examine(processes.check_relays))
    assert len(only(examine(processes.check_workers), "fault")) == 2


def test_what_keeps_a_relay_from_publishing_is_shown(examine, engine):
    with engine.begin() as connection:
        relay(connection, {Lane.HEAVY: "RabbitMQ has a memory alarm."})
    (fault,) = only(examine(processes.check_relays), "fault")
    assert "cannot publish to the heavy lane: RabbitMQ has a memory alarm." in fault


def test_an_outbox_that_grows_old_is_found(examine, engine):
    with engine.begin() as connection:
        relay(connection)
        queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now() - interval '5 min'"))
    (warning,) = only(examine(processes.check_relays), "warning")
    assert (
        "1 calculation could be published, and the first has waited for that for 5 minutes"
        in warning
    )


def test_functions_that_workers_lack_are_named(examine, engine):
    with engine.begin() as connection:
        worker(connection, Lane.QUICK, ["fibonacci/1"])
        worker(connection, Lane.HEAVY, ["fibonacci/1"])
        worker(connection, Lane.HEAVY)
    found = examine(processes.check_workers)
    (fault,) = only(found, "fault")
    assert "No quick worker has factorial/1" in fault
    (warning,) = only(found, "warning")
    assert "Not every heavy worker has factorial/1" in warning


def test_workers_of_an_earlier_version_are_found(examine, engine):
    with engine.begin() as connection:
        worker(connection, Lane.QUICK)
        worker(connection, Lane.HEAVY, message_version=None)
    (warning,) = only(examine(processes.check_workers), "warning")
    assert "Workers of the heavy lane are of an earlier version" in warning


def test_a_function_that_cannot_be_used_is_a_fault(examine, monkeypatch):
    problem = FunctionProblem(
        package="a-package", entry_point="broken", detail="It has no docstring."
    )
    monkeypatch.setattr(processes, "load_registry", lambda: Registry([], [problem]))
    (fault,) = only(examine(processes.check_functions), "fault")
    assert "broken of the package a-package cannot be used. It has no docstring." in fault


def test_results_without_a_limit_are_warned_of(examine):
    (warning,) = only(examine(storage.check_storage), "warning")
    assert "RECKONER_RETENTION_BYTES" in warning
    assert "warning" not in levels(examine(storage.check_storage, retention_seconds=60.0))
    assert "warning" not in levels(examine(storage.check_storage, retention_bytes=1))


def test_a_limit_that_is_nearly_reached_is_noted(examine, engine):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO stored_results VALUES (now(), 1, 95)"))
        connection.execute(text("UPDATE retention SET counted_until = now()"))
    notes = only(examine(storage.check_storage, retention_bytes=100), "note")
    assert any("take 95% of RECKONER_RETENTION_BYTES" in words for words in notes)
    notes = only(examine(storage.check_storage, retention_bytes=1_000), "note")
    assert not any("RECKONER_RETENTION_BYTES" in words for words in notes)


def test_a_retention_that_fails_is_a_fault(examine, engine):
    with engine.begin() as connection:
        note_fault(connection, "The clock was set back.")
    (fault,) = only(examine(storage.check_storage), "fault")
    assert "The clock was set back." in fault


@pytest.mark.parametrize(("free", "level"), [(10**6, "fault"), (10**11, "ok")])
def test_a_full_disk_of_this_machine_is_a_fault(examine, monkeypatch, free, level):
    usage = SimpleNamespace(total=10**12, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert levels(examine(storage.check_temporary_folder)) == {level}
