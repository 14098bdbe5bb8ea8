"""`reckoner check-function`: run a function as the service would, without a service."""

import json
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import click

from reckoner import Function
from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.cli.authoring.check_report import print_function, print_outcome
from reckoner.cli.authoring.id_warnings import warn_of_changed_ids
from reckoner.cli.authoring.load_function import FunctionNotLoaded, load_function
from reckoner.cli.authoring.result_file import ResultFile, ResultNotWritten
from reckoner.testing.limits import limits_of
from reckoner.testing.trial import Trial
from shared.calculation import calculation_id
from shared.errors import CalculationAborted


@click.command(
    "check-function",
    epilog="Exit status: 0, it has a result; 1, the calculation failed: the function raised, a "
    "limit was exceeded, or the result is none or did not pass its check; 2, there is no such "
    "function, or the arguments are not valid.",
)
@click.argument("target", metavar="MODULE[:NAME]")
@click.argument("arguments", default="{}")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the result there.")
@click.option(
    "--memory",
    type=click.IntRange(min=64 * 2**20),
    metavar="BYTES",
    help="The memory that the service allows, RECKONER_MEMORY_LIMIT_BYTES; 4 GiB by default.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="The time that it allows, RECKONER_TIME_LIMIT_SECONDS; an hour by default.",
)
@click.option(
    "--url",
    envvar="RECKONER_URL",
    help="A running service, such as http://localhost:8080, to compare the function with.",
)
def command(
    target: str,
    arguments: str,
    output: Path | None,
    memory: int | None,
    timeout: float | None,
    url: str | None,
) -> None:
    r"""Run a function with ARGUMENTS, a JSON object, as the service would run it.

    MODULE is a module of the current folder, or an installed one; NAME may be left out if the
    module has a single function. The function runs in a process of its own, within its limits, and
    its result is checked. No service is needed.

    \b
    Example:
      reckoner check-function primes:primes '{"n": 5}'
    """
    sys.set_int_max_str_digits(0)  # integers in arguments and estimates may have any length
    threads = set(threading.enumerate())
    try:
        function = load_function(target)
    except FunctionNotLoaded as error:
        _refuse(str(error))
    bound = _bind(function, arguments)
    print_function(function, bound, calculation_id(function.name, function.version, bound.text))
    warn_of_changed_ids(function, url)
    for started in set(threading.enumerate()) - threads:
        _warn(
            f"Importing the module starts a thread ({started.name}), beside which no process can "
            "be forked, so the service starts an interpreter for each calculation of every "
            "function. Start threads when they are needed."
        )
    sys.exit(_run(function, bound, output, memory, timeout))


def _run(
    function: Function,
    bound: BoundArguments,
    output: Path | None,
    memory: int | None,
    timeout: float | None,
) -> int:
    trial = Trial(function, bound, limits_of(function, memory, timeout))
    try:
        with ResultFile(output, function) as file:
            try:
                result = trial.run(file.write)
            except CalculationAborted as error:
                _show_stderr(trial.stderr)
                click.echo(f"failed       {error.reason}: {error.detail}", err=True)
                for name, value in (error.details or {}).items():
                    click.echo(f"  {name}: {json.dumps(value)}", err=True)
                return 1
            _show_stderr(trial.stderr)
            print_outcome(function, bound, result, file.keep(result))
    except ResultNotWritten as error:
        _refuse(str(error))
    return 0


def _bind(function: Function, text: str) -> BoundArguments:
    try:
        given = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _refuse(
            f"The arguments are not valid JSON: {error}. Write an object, such as '{{\"n\": 5}}'."
        )
    try:
        return function.bind(given)
    except ArgumentsFaulty as error:
        for pointer, detail in error.faults:
            click.echo(f"{pointer or '/'}: {detail}", err=True)
        more = error.count - len(error.faults)
        _refuse(
            f"{f'There are {more} more faults. ' if more else ''}The arguments are not valid. "
            f"The schema of {function.name} is: {json.dumps(function.arguments_schema)}"
        )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member of an object is named twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def _show_stderr(text: str) -> None:
    if text:
        click.echo(f"What it wrote to standard output and error:\n{text.rstrip()}", err=True)


def _warn(sentence: str) -> None:
    click.echo(f"Warning: {sentence}", err=True)


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(2)
