"""`reckoner` against the Reckoner of these tests."""

import io
import sys
from collections.abc import Callable, Iterator

import pytest

from reckoner.cli.__main__ import main
from tests.e2e.cli.command import Ended
from tests.faults.links import Link, Links

Command = Callable[..., Ended]


@pytest.fixture
def reckoner(base_url, monkeypatch, capfdbinary) -> Command:
    """Runs `reckoner` in this process, without a terminal."""
    monkeypatch.setenv("RECKONER_URL", base_url)

    def run(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["reckoner", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        output, errors = capfdbinary.readouterr()
        return Ended(int(caught.value.code or 0), output, errors.decode())

    return run


@pytest.fixture
def link(base_url) -> Iterator[Link]:
    """A way to the service that can be cut."""
    links = Links()
    yield links.make(int(base_url.rpartition(":")[2]))
    links.close()
