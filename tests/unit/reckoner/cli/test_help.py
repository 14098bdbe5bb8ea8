"""The help of each command: it has examples, and they are command lines that it understands."""

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from reckoner.cli.__main__ import _COMMANDS, reckoner

#: A command line ends where a shell's next word begins.
_ENDS = frozenset({"|", ">", "&&", "||", ";"})

OF_USERS = [name for name, (module, _) in _COMMANDS.items() if module.startswith("calculations.")]


def command_of(name: str) -> click.Command:
    with click.Context(reckoner) as context:
        command = reckoner.get_command(context, name)
    assert command is not None
    return command


def command_lines(text: str) -> list[list[str]]:
    """Return the arguments of each `reckoner …` in lines of a shell."""
    found = []
    for line in text.splitlines():
        line = re.sub(r'"?\$id"?', "ffcfeb02-09f4-5c06-889e-7cd5cd61b456", line.strip())
        for part in re.split(r"\$\(|(?<=\s)[|]|&&", line):
            words = re.sub(r"\)\s*$", "", part.strip())
            if words.startswith("reckoner "):
                lexer = shlex.shlex(words, posix=True, punctuation_chars=">")
                lexer.whitespace_split = True
                arguments = list(lexer)[1:]
                found.append(arguments[: arguments.index(">")] if ">" in arguments else arguments)
    return found


def check_that_it_parses(arguments: list[str]) -> None:
    """Fail unless the command of a line takes its arguments."""
    command = command_of(arguments[0])
    with click.Context(reckoner) as parent:
        command.make_context(arguments[0], list(arguments[1:]), parent=parent)


@pytest.mark.parametrize("name", OF_USERS)
def test_the_examples_of_a_command_parse(name):
    examples = (command_of(name).help or "").partition("Examples:")[2]
    lines = command_lines(examples)
    assert any(line[0] == name for line in lines)
    for line in lines:
        check_that_it_parses(line)


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_each_example_is_shown_on_a_line_of_its_own(name):
    examples = (command_of(name).help or "").partition("Example")[2].splitlines()
    written = [line.strip() for line in examples if "reckoner " in line]
    shown = CliRunner().invoke(reckoner, [name, "--help"]).output
    assert "\\b" not in shown
    assert written or name in {"key", "new-function", "redrive"}
    assert [line for line in written if f"\n    {line}\n" not in shown] == []


def test_an_example_that_is_wrong_is_found():
    for wrong in ("reckoner get nonsense", "reckoner list --nothing", "reckoner wait"):
        with pytest.raises(click.UsageError):
            check_that_it_parses(command_lines(f"  {wrong} | jq .")[0])


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "1e10", "soon"])
def test_a_timeout_is_a_number_of_seconds(seconds):
    with pytest.raises(click.UsageError):
        check_that_it_parses(["run", "fibonacci", "n=1", "--timeout", seconds])


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_the_help_fits_a_terminal_of_80_columns(name):
    with click.Context(reckoner, terminal_width=80) as parent:
        context = click.Context(command_of(name), info_name=name, parent=parent)
        assert max(map(len, context.get_help().splitlines())) <= 80


def test_no_command_takes_a_key_on_its_command_line():
    """Whoever may list processes would read it."""
    for name in OF_USERS:
        options = [one for parameter in command_of(name).params for one in parameter.opts]
        assert not [option for option in options if "key" in option]


def test_there_are_eleven_commands_for_users():
    assert [
        *("run", "submit", "wait", "get", "result", "list", "watch", "cancel", "functions"),
        *("estimate", "batch"),
    ] == OF_USERS
