"""The tables of every command and option in docs/reference/command-line.md, from `reckoner`."""

from collections.abc import Iterator

import click

from reckoner.cli.__main__ import _COMMANDS, _GROUPS, reckoner
from tests.documents.parts import ROOT, table

PAGE = ROOT / "docs/reference/command-line.md"

#: What most commands take, as the page explains it once, and how its help begins there.
_SHARED = {
    "--output": ("How to write it.",),
    "--timeout": ("Wait no longer", "Take no longer"),
    "--url": ("The address of the service;",),
}


def commands_part() -> str:
    """Return a table for each heading of `reckoner --help`."""
    parts = []
    for heading, rooms in _GROUPS.items():
        rows = [
            row
            for name, (module, _) in _COMMANDS.items()
            if module.partition(".")[0] in rooms
            for command, context in _with_subcommands(name)
            for row in _rows(command, context)
        ]
        parts.append(f"### {heading}\n\n" + table(("command", "options", "meaning"), rows))
    return "\n".join(parts)


def _with_subcommands(name: str) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield a command, or the subcommands of a group."""
    root = click.Context(reckoner, info_name="reckoner")
    command = reckoner.get_command(root, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=root)
    if not isinstance(command, click.Group):
        yield command, context
        return
    for part in command.list_commands(context):
        subcommand = command.get_command(context, part)
        assert subcommand is not None
        yield subcommand, click.Context(subcommand, info_name=part, parent=context)


def _rows(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """Yield the row of a command with what it shares, and one for each of its own options."""
    usage = " ".join(command.collect_usage_pieces(context)[1:])
    line = f"{context.command_path} {usage}".strip().removeprefix("reckoner ")
    options = [one for one in command.params if isinstance(one, click.Option)]
    shared = [option for option in options if _is_shared(option)]
    names = ", ".join(sorted(f"`{option.opts[0]}`" for option in shared))
    yield _cell(f"`{line}`"), names, _cell((command.help or "").partition("\n\n")[0])
    for option in options:
        record = option.get_help_record(context)
        if option not in shared and record is not None:
            yield "", _cell(f"`{record[0]}`"), _cell(record[1])


def _is_shared(option: click.Option) -> bool:
    return (option.help or "").startswith(_SHARED.get(option.opts[-1], ()))


def _cell(text: str) -> str:
    words = " ".join(text.split()).replace(" INTEGER RANGE", " NUMBER").replace("...", "…")
    return words.replace("|", "\\|")
