"""Runs `reckoner key` against a test's database."""

import json
import subprocess
import sys
from typing import Any

import click.testing
import pytest

from reckoner.cli.__main__ import reckoner
from shared.keys.credential import Credential, parse_key


class KeyCommand:
    """`reckoner key`, as whoever the settings name."""

    def run(self, *arguments: str) -> click.testing.Result:
        done = click.testing.CliRunner().invoke(reckoner, ["key", *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return done

    def start(self, *arguments: str, stdout: Any = subprocess.PIPE) -> "subprocess.Popen[str]":
        """Start it in a process of its own."""
        program = "from reckoner.cli.__main__ import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", program, "key", *arguments],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def create(self, name: str = "shop", *options: str) -> Credential:
        """Make a key that may read, and return it."""
        return _shown(self.run("create", name, "--scope", "read", *options))

    def rotate(self, name: str = "shop", *options: str) -> Credential:
        """Return the key with its new secret."""
        return _shown(self.run("rotate", name, *options))

    def refuse(self, *arguments: str, status: int = 1) -> str:
        """Return what a command says that is to fail."""
        done = self.run(*arguments)
        assert (done.exit_code, done.stdout) == (status, ""), done.output
        return done.stderr

    def list(self, *options: str) -> list[dict[str, Any]]:
        done = self.run("list", "-o", "json", *options)
        assert done.exit_code == 0, done.output
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


def _shown(done: click.testing.Result) -> Credential:
    assert done.exit_code == 0, done.output
    credential = parse_key(done.stdout.removesuffix("\n"))
    assert credential is not None, done.stdout
    assert credential.secret not in done.stderr
    return credential


@pytest.fixture
def keys(database_url, monkeypatch) -> KeyCommand:
    monkeypatch.setenv("RECKONER_DATABASE_URL", database_url)
    return KeyCommand()
