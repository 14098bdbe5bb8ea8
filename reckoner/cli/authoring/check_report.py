"""What `reckoner check-function` prints: a line for each thing, its name first."""

import json
from pathlib import Path
from uuid import UUID

import click

from reckoner import Estimate, Function
from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.testing.limits import default_settings
from shared.result import Result

#: A result of more than this is in a file.
SHOWN_BYTES = 1_000


def print_function(function: Function, bound: BoundArguments, identity: UUID) -> None:
    """Say which function it is, and what the service makes of the arguments."""
    _line("function", f"{function.name}, version {function.version}: {function.summary}")
    _line("schema", json.dumps(function.arguments_schema))
    _line("arguments", bound.text)
    _line("id", str(identity))
    _line("lane", _lane(function, function.estimate(bound)))


def print_outcome(
    function: Function, bound: BoundArguments, result: Result, shown: str | Path
) -> None:
    """Say what came of it. `shown` is the result itself, or the file that holds it."""
    what = f"{result.length:,} bytes of {function.media_type}, SHA-256 {result.sha256}"
    _line("result", f"{what}, in {shown}" if isinstance(shown, Path) else what)
    if not isinstance(shown, Path):
        _line("", shown)
    estimate = function.estimate(bound)
    seconds, peak = f"{result.compute_seconds:.6f}", "not measured"
    if result.peak_bytes is not None:
        peak = f"{result.peak_bytes:,} bytes at its peak"
    if estimate is not None:
        seconds += f"; its estimate: {estimate.seconds:.6f}"
        peak += f"; its estimate: {estimate.bytes:,} bytes"
    _line("seconds", seconds)
    _line("memory", peak)
    _line("check", _check(result.check))
    limit = default_settings()["quick_seconds"]
    if function.lane == "quick" and result.compute_seconds > limit:
        click.echo(
            f'Warning: lane="quick" is for functions that take milliseconds; this took '
            f"{result.compute_seconds:.3f} s, during which its worker computes nothing else.",
            err=True,
        )


def _lane(function: Function, estimate: Estimate | None) -> str:
    settings = default_settings()
    if function.lane is not None:
        return f"{function.lane}, as the function says"
    if estimate is None:
        return "heavy, as it has no estimate"
    limit = settings["quick_seconds"]
    if estimate.seconds > limit:
        return f"heavy, as its estimate is more than {limit:g} s"
    return f"quick, as its estimate is at most {limit:g} s"


def _check(name: str | None) -> str:
    return {
        None: "none",
        "residue": "residue: the digits agree with it",
        "check": "check: the function's predicate holds",
        "recomputed": "recomputed: a second run gave the same result",
    }[name]


def _line(name: str, value: str) -> None:
    click.echo(f"{name:<11} {value}")
