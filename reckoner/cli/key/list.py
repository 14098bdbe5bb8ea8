"""`reckoner key list`: a table of the keys, or JSON; never a secret."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from reckoner.cli.key.database import transaction
from reckoner.cli.key.words import NEVER, describe_limits, in_order, moment, state_of
from shared.keys.api_key import ApiKey
from shared.store.keys.administration import list_keys, read_now

_HEAD = ("NAME", "ID", "STATE", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "LIMITS")


@click.command("list")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked keys too.")
@click.option(
    "-o",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to write it.",
)
def command(with_revoked: bool, form: str) -> None:
    """List the keys.

    What each may do, how much, until when, and when it was last used.
    """
    with transaction() as connection:
        keys, now = list_keys(connection, with_revoked=with_revoked), read_now(connection)
    if form == "json":
        text = json.dumps([_members(key, now) for key in keys], indent=2)
        sys.stdout.write(f"{text}\n")
    else:
        sys.stdout.writelines(_table(_HEAD, (_cells(key, now) for key in keys)))


def _members(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "state": state_of(key, now),
        "scopes": in_order(key.scopes),
        "created_at": _iso(key.created_at),
        "expires_at": _iso(key.expires_at),
        "revoked_at": _iso(key.revoked_at),
        "former_secret_until": _iso(_former_until(key, now)),
        "last_used_on": None if key.last_used_on is None else key.last_used_on.isoformat(),
        "limits": asdict(key.limits),
    }


def _cells(key: ApiKey, now: datetime) -> Sequence[str]:
    state, until = state_of(key, now), _former_until(key, now)
    return (
        key.name,
        key.id,
        state if until is None else f"{state}, former secret until {moment(until)}",
        ",".join(in_order(key.scopes)),
        moment(key.created_at),
        moment(key.expires_at),
        NEVER if key.last_used_on is None else f"{key.last_used_on}",
        describe_limits(key.limits) or "those of the settings",
    )


def _former_until(key: ApiKey, now: datetime) -> datetime | None:
    """Return until when the former secret is valid, None if it is not."""
    until = key.former_until
    return until if until and until > now and state_of(key, now) == "valid" else None


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip() + "\n"
