"""A relay's health file says whether it works."""

import os
from types import SimpleNamespace

import pytest

from gateway.relay import health
from gateway.relay.health import HealthFile, find_faults


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "relays"


@pytest.fixture
def own(folder):
    """The file of this process."""
    own = HealthFile(folder)
    yield own
    own.close()


def test_a_relay_that_has_just_worked_is_healthy_whatever_was_wrong_before(folder, own):
    own.write("RabbitMQ was unavailable.")
    own.write(None)
    assert find_faults(folder) == find_faults(folder, os.getpid()) == []


def test_a_relay_that_has_not_worked_yet_is_unhealthy(folder, own, monkeypatch):
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: 5.0))  # a host's start
    (fault,) = find_faults(folder)
    assert fault.startswith(f"The relay {os.getpid()} has not worked yet: ")


def test_a_problem_is_a_fault_once_it_lasts(folder, own, monkeypatch):
    own.write(None)
    own.write("RabbitMQ is unavailable.")
    assert find_faults(folder) == []
    monkeypatch.setattr(health, "_UNHEALTHY_SECONDS", 0.0)
    (fault,) = find_faults(folder)
    assert fault == f"The relay {os.getpid()} has not worked for 0 s: RabbitMQ is unavailable."


def test_a_relay_that_has_stopped_reporting_is_unhealthy(folder, own, monkeypatch):
    own.write(None)
    monkeypatch.setattr(health, "_UNHEALTHY_SECONDS", 0.0)
    (fault,) = find_faults(folder)
    assert "has stopped reporting" in fault


def test_nothing_is_left_of_a_longer_problem_before(folder, own, monkeypatch):
    monkeypatch.setattr(health, "_UNHEALTHY_SECONDS", 0.0)
    own.write("long " * 1_000)
    own.write("short")
    (fault,) = find_faults(folder)
    assert fault.endswith(": short")


def test_the_file_of_a_process_that_has_ended_does_not_count(folder):
    own = HealthFile(folder)
    os.close(own._descriptor)  # as the kernel does at its end
    assert find_faults(folder) == ["No relay runs here."]
    assert find_faults(folder, 1) == ["No relay runs here with the id 1."]
    own._path.rename(own._path.with_stem("1"))
    HealthFile(folder).close()
    assert list(folder.iterdir()) == []  # the next one that starts removes it


def test_a_folder_that_others_may_have_made_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        HealthFile(folder)
