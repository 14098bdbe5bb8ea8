"""What `make up` does if it cannot make the operator's key."""

from types import SimpleNamespace
from typing import Any

import pytest

from compose.local.launcher import Launcher
from compose.local.settings import Access, LocalSettings
from compose.local.terminal.progress import Progress
from compose.local.terminal.welcome import welcome

_SCREEN: Any = SimpleNamespace(coloured=lambda text, _colour: text)
_KEYS = Access(are_keys_on=True, allowed_hosts="localhost")


class Creation:
    """A process that has ended with a status."""

    name = "key"
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
    output: Any = SimpleNamespace(
        show=shown.append,
        pipe_for=lambda _name: None,
        environment=dict,
        last_lines=lambda _name: ["why"],
    )
    screen: Any = SimpleNamespace(show=shown.append, coloured=_SCREEN.coloured, has_unicode=True)
    signals: Any = SimpleNamespace(stopping=lambda: False)
    made: Any = Launcher(
        LocalSettings(), _KEYS, tmp_path / "var", output, Progress(screen), signals
    )
    made.rabbitmq = SimpleNamespace(manager=("admin", "secret"), management_port=15682)
    return made


def test_it_starts_without_the_operators_key_and_says_so(launcher, shown):
    """The file is gone, and the key is not: revoking it needs the database, which this starts."""
    launcher.make_operator_key(Creation(1))
    assert "could not be made" in shown[0]
    assert shown[1:] == ["why"]
    text = welcome(launcher, LocalSettings(), _KEYS, 1.0, _SCREEN)
    assert "the operator's is not in var/operator-key" in text


def test_it_says_where_the_operators_key_is(launcher, shown):
    launcher.make_operator_key(Creation(0))
    assert len(shown) == 1
    text = welcome(launcher, LocalSettings(), _KEYS, 1.0, _SCREEN)
    assert "the operator's is in var/operator-key" in text
    assert "http://localhost:8080/docs\n" in text


def test_the_consoles_address_comes_last_and_alone(launcher):
    text = welcome(launcher, LocalSettings(), _KEYS, 1.0, _SCREEN)
    assert text.splitlines()[-3:] == ["", "  http://localhost:8080/", ""]
    assert "make logs" in text
    assert "Ctrl-C" in text
    assert "secret" in text, "the login of RabbitMQ's management UI"
