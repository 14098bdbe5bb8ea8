"""The entry of the `reckoner` command: finds the subcommand and imports nothing of the others.

Exit statuses are those of reckoner.cli.exit_status.
"""

import importlib
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from reckoner.cli.invocation import Invocation, output_closed_is_an_interruption, run
from reckoner.distributions import OUR_DISTRIBUTION, OUR_PACKAGES, exit_on_clash

#: Where each subcommand is, and what `reckoner --help` says of it. Its module is only imported when
#: it is used.
_COMMANDS = {
    "run": ("calculations.run", "Calculate something, and print the result."),
    "submit": ("calculations.submit", "Submit a calculation, and print its id."),
    "wait": ("calculations.wait", "Wait until a calculation is finished."),
    "get": ("calculations.get", "Show a calculation."),
    "result": ("calculations.result", "Write the result of a calculation, or download it."),
    "list": ("calculations.list", "List calculations, newest first."),
    "watch": ("calculations.watch", "Watch calculations while they change."),
    "cancel": ("calculations.cancel", "Cancel calculations, one or many."),
    "functions": ("calculations.functions", "Show what can be calculated."),
    "estimate": ("calculations.estimate", "Say what a calculation would cost."),
    "batch": ("calculations.batch", "Calculate all that a file lists, results in its order."),
    "new-function": (
        "authoring.new_function",
        "Write a package for a function of your own, with its test.",
    ),
    "check-function": (
        "authoring.check_function",
        "Run a function as the service would, without a service.",
    ),
    "key": ("key", "Create, list, rotate and revoke API keys."),
    "system": ("operating.system", "Show queues, workers, relays, and how much is stored."),
    "doctor": (
        "operating.doctor",
        "Check the installation and all that it needs, and say what to do.",
    ),
    "check-settings": ("operating.check_settings", "Check the settings of this environment."),
    "migrate": ("operating.migrate", "Bring the database to the schema of this version."),
    "redrive": (
        "operating.redrive",
        "Put messages that workers rejected back into their queues, or show them.",
    ),
    "prune": (
        "operating.prune",
        "Remove stored results: old ones, long ones, those beyond a limit.",
    ),
}

#: The headings of `reckoner --help`, and the rooms whose commands are below them.
_GROUPS = {
    "Calculations": ("calculations",),
    "Functions of your own": ("authoring",),
    "Operating a service": ("key", "operating"),
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
        if command.help:
            # Click's mark for lines that stay as they are; in a raw docstring it is two characters.
            command.help = command.help.replace("\\b\n", "\b\n")
        return command

    def invoke(self, context: click.Context) -> Any:
        with output_closed_is_an_interruption():
            return super().invoke(context)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names and options without importing any command."""
        names = [
            CompletionItem(name, help=words)
            for name, (_, words) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, context, incomplete)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, rooms in _GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name, words)
                        for name, (module, words) in _COMMANDS.items()
                        if module.partition(".")[0] in rooms
                    ]
                )


@click.group(
    cls=_Commands,
    epilog="`reckoner COMMAND --help` describes a command, with examples.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(None, package_name=OUR_DISTRIBUTION, message="reckoner %(version)s")
@click.option("--debug", is_flag=True, help="Show where a bug of Reckoner itself is.")
@click.pass_context
def reckoner(context: click.Context, debug: bool) -> None:
    """Calculate with Reckoner, write functions for it, and operate it.

    RECKONER_URL is the address of the service, http://localhost:8080 by default, and RECKONER_KEY
    or RECKONER_KEY_FILE has the API key. Commands that operate the service read the same settings
    as it does: RECKONER_BROKER_URL and the other variables of docs/reference/settings.md.
    """
    context.ensure_object(Invocation).is_debugged = debug


def main() -> None:
    """Run the subcommand that the command line names, and exit with its status."""
    exit_on_clash()
    sys.exit(run(reckoner))


if __name__ == "__main__":
    main()
