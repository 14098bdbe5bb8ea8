"""Whatever goes wrong in a command: one sentence, and an exit status."""

import errno
import sys

import click
import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.invocation import Invocation, run


@pytest.fixture
def run_with(monkeypatch):
    """Runs a command that raises an error; returns its exit status."""

    def with_error(error: BaseException, *, debug: bool = False) -> int:
        monkeypatch.setattr(sys, "argv", ["reckoner"])

        @click.command()
        @click.pass_obj
        def command(invocation: Invocation) -> None:
            invocation.is_debugged = debug
            raise error

        return run(command)

    return with_error


def test_a_failure_is_its_sentence_and_its_status(run_with, capsys):
    assert run_with(CommandFailed("No. Do this.", ExitStatus.NOT_ALLOWED)) == 4
    assert capsys.readouterr() == ("", "No. Do this.\n")


def test_a_bug_is_one_line_without_a_traceback(run_with, capsys):
    assert run_with(KeyError("a\nb")) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("A bug in Reckoner: KeyError: ")
    assert errors.count("\n") == 1


def test_a_bug_is_shown_where_that_is_wanted(run_with, capsys):
    assert run_with(KeyError("x"), debug=True) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(run_with, capsys, error):
    assert run_with(error) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_full_disk_is_said_to_be_full(run_with, capsys):
    assert run_with(OSError(errno.ENOSPC, "No space left on device")) == 1
    assert capsys.readouterr().err.startswith("Standard output cannot be written: No space")


def test_a_usage_error_has_the_usage(run_with, capsys):
    assert run_with(click.UsageError("Not so.")) == 2
    assert "Not so." in capsys.readouterr().err
