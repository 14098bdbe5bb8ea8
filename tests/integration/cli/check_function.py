"""Runs `reckoner check-function` on functions that a test writes into the current folder."""

import itertools
import sys
from pathlib import Path

import click.testing
import pytest

from reckoner.cli.__main__ import reckoner

_HEAD = """
from typing import Annotated, Iterator
from reckoner import *
"""
_numbers = itertools.count()


class Command:
    """The command in a folder; modules that it imports have names of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, source: str, folder: str = ".", name: str | None = None) -> str:
        """Write a module and return its name."""
        name = name or f"written_{next(_numbers)}"
        (self.folder / folder).mkdir(exist_ok=True)
        (self.folder / folder / f"{name}.py").write_text(_HEAD + source)
        return name

    def run(self, *arguments: str) -> click.testing.Result:
        done = click.testing.CliRunner().invoke(reckoner, ["check-function", *arguments])
        assert "Traceback" not in done.output or "What it wrote" in done.output, done.output
        return done

    def check(self, source: str, arguments: str = "{}", *options: str) -> click.testing.Result:
        """Write a module with one function, and check it."""
        return self.run(self.write(source), arguments, *options)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command, run in an empty folder by a user with an empty cache."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("RECKONER_URL", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules, digits = set(sys.modules), sys.get_int_max_str_digits()
    yield Command(folder)
    sys.set_int_max_str_digits(digits)
    for name in set(sys.modules) - modules:
        if name.startswith("written_"):
            del sys.modules[name]


def line(done: click.testing.Result, name: str) -> str:
    """Return what a run says under a name."""
    [found] = [one for one in done.output.splitlines() if one.split(" ")[0] == name]
    return found.partition(" ")[2].strip()
