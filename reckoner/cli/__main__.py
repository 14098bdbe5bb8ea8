"""The entry of the `reckoner` command: finds the subcommand and imports nothing of the others.

Exit statuses: 0, success; 1, what the command was to do failed; 2, a wrong command line, wrong
settings or a wrong installation.
"""

import importlib

import click

from reckoner.distributions import OUR_DISTRIBUTION, OUR_PACKAGES, exit_on_clash

#: Where each subcommand is, and what `reckoner --help` says of it. Its module is only imported when
#: it is used.
_COMMANDS = {
    "new-function": (
        "authoring.new_function",
        "Write a package for a function of your own, with its test.",
    ),
    "check-function": (
        "authoring.check_function",
        "Run a function as the service would, without a service.",
    ),
    "key": ("key", "Create, list, rotate and revoke API keys."),
    "redrive": (
        "operating.redrive",
        "Put messages that workers rejected back into their queues, or show them.",
    ),
}


class _Commands(click.Group):
    """The subcommands, each the `command` of its module in reckoner.cli."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        try:
            module = importlib.import_module(f"reckoner.cli.{_COMMANDS[name][0]}")
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in OUR_PACKAGES:
                raise
            context.fail(
                f"`reckoner {name}` needs the package {package}, which is not installed. "
                f"Install what the service needs: pip install '{OUR_DISTRIBUTION}[server]'"
            )
        command: click.Command = module.command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in _COMMANDS.items()])


@click.group(
    cls=_Commands,
    epilog="`reckoner COMMAND --help` describes a command.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def reckoner() -> None:
    """Write functions for Reckoner, and operate it.

    Commands that need the service read the same settings as it does: RECKONER_BROKER_URL and the
    other variables that README.md lists.
    """


def main() -> None:
    """Run the subcommand that the command line names, and exit with its status."""
    exit_on_clash()
    reckoner(prog_name="reckoner")


if __name__ == "__main__":
    main()
