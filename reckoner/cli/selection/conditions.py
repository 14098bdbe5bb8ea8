"""The options of conditions, such as `--status queued --function fibonacci`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., None])

STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
LANES = ("quick", "heavy")


def condition_options(statuses: tuple[str, ...]) -> Callable[[_Command], _Command]:
    """Add the options of conditions: `status`, `function`, `lane` and two times."""
    options = (
        click.option("--status", type=click.Choice(statuses), help="Only those of this status."),
        click.option("--function", metavar="NAME", help="Only those of this function."),
        click.option("--lane", type=click.Choice(LANES), help="Only those of this lane."),
        click.option(
            "--created-after",
            metavar="TIME",
            callback=_moment,
            help="Only those submitted at this time or later, such as 2026-11-26T12:00Z.",
        ),
        click.option(
            "--created-before",
            metavar="TIME",
            callback=_moment,
            help="Only those submitted earlier than this.",
        ),
    )

    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def given_conditions(**conditions: Any) -> dict[str, Any]:
    """Return the conditions that were given."""
    return {name: value for name, value in conditions.items() if value is not None}


def described(conditions: Mapping[str, Any]) -> str:
    """Return the conditions in words, such as `of status queued, of function fibonacci`."""
    return ", ".join(
        _WORDS[name].format(value.isoformat() if isinstance(value, datetime) else value)
        for name, value in conditions.items()
    )


_WORDS = {
    "status": "of status {}",
    "function": "of function {}",
    "lane": "of lane {}",
    "created_after": "created since {}",
    "created_before": "created before {}",
    "submitted_by": "submitted by {}",
}


def _moment(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> datetime | None:
    """Return the time of an option; UTC, as everything shown is, where it names no zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time. Write it as 2026-11-26, 2026-11-26T12:00Z or "
            "2026-11-26T12:00:00+01:00."
        ) from None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
