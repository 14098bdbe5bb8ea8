"""By a relay's file its supervisor tells whether it works."""

import os
from types import SimpleNamespace

import pytest

from gateway.relay import pulse
from gateway.relay.pulse import Pulse, find_faults


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "relays"


@pytest.fixture
def own(folder):
    """The file of this process."""
    own = Pulse(folder)
    yield own
    own.close()


def test_a_relay_that_has_just_worked_is_well_whatever_was_wrong_before(folder, own):
    own.beat("RabbitMQ was away.")
    own.beat(None)
    assert find_faults(folder) == find_faults(folder, os.getpid()) == []


def test_a_relay_that_has_not_worked_yet_is_not_well(folder, own, monkeypatch):
    monkeypatch.setattr(pulse, "time", SimpleNamespace(monotonic=lambda: 5.0))  # a host's start
    (fault,) = find_faults(folder)
    assert fault.startswith(f"The relay {os.getpid()} has not worked yet: ")


def test_a_fault_counts_once_it_lasts(folder, own, monkeypatch):
    own.beat(None)
    own.beat("RabbitMQ is away.")
    assert find_faults(folder) == []
    monkeypatch.setattr(pulse, "_SILENT_SECONDS", 0.0)
    (fault,) = find_faults(folder)
    assert fault == f"The relay {os.getpid()} has not worked for 0 s: RabbitMQ is away."


def test_a_relay_that_says_nothing_any_more_is_not_well(folder, own, monkeypatch):
    own.beat(None)
    monkeypatch.setattr(pulse, "_SILENT_SECONDS", 0.0)
    (fault,) = find_faults(folder)
    assert "says nothing any more" in fault


def test_the_end_of_longer_words_does_not_stay(folder, own, monkeypatch):
    monkeypatch.setattr(pulse, "_SILENT_SECONDS", 0.0)
    own.beat("long " * 1_000)
    own.beat("short")
    (fault,) = find_faults(folder)
    assert fault.endswith(": short")


def test_the_file_of_a_process_that_has_ended_is_none(folder):
    own = Pulse(folder)
    os.close(own._descriptor)  # as the kernel does at its end
    assert find_faults(folder) == ["No relay runs here."]
    assert find_faults(folder, 1) == ["No relay runs here with the id 1."]
    own._path.rename(own._path.with_stem("1"))
    Pulse(folder).close()
    assert list(folder.iterdir()) == []  # the next one that starts removes it


def test_a_folder_that_others_may_have_made_is_not_used(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        Pulse(folder)
