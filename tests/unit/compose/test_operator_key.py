"""What `make up` does if it cannot make the operator's key."""

from types import SimpleNamespace
from typing import Any

import pytest

from compose.local.__main__ import _welcome
from compose.local.launcher import Launcher
from compose.local.settings import Access, LocalSettings

_KEYS = Access(are_keys_on=True, allowed_hosts="localhost")


class Creation:
    """A process that has ended with a status."""

    running = False

    def __init__(self, exit_status):
        self.exit_status = exit_status

    def start(self):
        pass

    def stop(self):
        pass


@pytest.fixture
def shown():
    return []


@pytest.fixture
def launcher(tmp_path, shown):
    view: Any = SimpleNamespace(show=shown.append, pipe_for=lambda _name: None, environment=dict)
    signals: Any = SimpleNamespace(stopping=lambda: False)
    made: Any = Launcher(LocalSettings(), _KEYS, tmp_path / "var", view, signals)
    made.rabbitmq = SimpleNamespace(manager=("admin", "secret"), management_port=15682)
    return made


def test_it_starts_without_the_operators_key_and_says_so(launcher, shown):
    """The file is gone, and the key is not: revoking it needs the database, which this starts."""
    launcher.make_operator_key(Creation(1))
    assert "could not be made" in shown[0]
    welcome = _welcome(launcher, LocalSettings(), _KEYS, 1.0)
    assert "the operator's is not in var/operator-key" in welcome


def test_it_says_where_the_operators_key_is(launcher, shown):
    launcher.make_operator_key(Creation(0))
    assert not shown
    welcome = _welcome(launcher, LocalSettings(), _KEYS, 1.0)
    assert "the operator's is in var/operator-key" in welcome
    assert "http://localhost:8080/docs\n" in welcome
