import pytest

from tests.unit.reckoner.client.playing import Player, install_clock


@pytest.fixture
def player(monkeypatch):
    """A player without answers yet, whose clock the operations see."""
    player = Player([])
    install_clock(monkeypatch, player)
    return player
