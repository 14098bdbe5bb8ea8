"""Warnings of `reckoner check-function`: which calculations would get other ids, or other results.

It compares the function with what this user has checked last and, with --url, with a service.
"""

import inspect
import json
import urllib.request
from http.client import HTTPException
from typing import Any

import click

from reckoner import Function
from reckoner.cli.authoring.id_changes import describe_id_changes
from reckoner.cli.authoring.known_schemas import exchange

_SECONDS = 5


def warn_of_changed_ids(function: Function, url: str | None) -> None:
    """Print what has changed under the function's name and version."""
    try:
        file = inspect.getsourcefile(function.implementation) or ""
    except TypeError:
        file = ""
    known = exchange(file, function.name, function.version, function.arguments_schema)
    if known is not None and known.version == function.version:
        _warn(function, known.schema, "Since the last check-function")
    if url is not None:
        _compare_with_service(function, url.rstrip("/"))


def _compare_with_service(function: Function, url: str) -> None:
    try:
        served = _find(_get(f"{url}/functions"), function.name)
    except (OSError, ValueError, HTTPException) as error:  # HTTPException: it speaks no HTTP
        click.echo(
            f"Warning: {url} cannot be asked for its {function.name} ({error}). "
            "Check the address and that the service runs.",
            err=True,
        )
        return
    if served is None:
        click.echo(f"service     {url} has no function {function.name}")
    elif served.get("version") != function.version:
        click.echo(f"service     {url} has version {served.get('version')}")
    elif served.get("fingerprint") == function.fingerprint:
        click.echo(f"service     {url} has the same code in this version")
    else:
        click.echo(
            f"Warning: {url} has other code under version {function.version}. What it has stored "
            "stays as it is: if results change, raise the version.",
            err=True,
        )
        _warn(function, served.get("arguments") or {}, f"Compared with {url}")


def _get(url: str) -> Any:
    """Return the document at an address. Raises OSError, ValueError, HTTPException."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("an address begins with http:// or https://")
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - see above
        return json.load(answer)


def _find(catalogue: Any, name: str) -> dict[str, Any] | None:
    """Return what GET /functions says of a function; None if it is not there."""
    match catalogue:
        case {"functions": [*functions]}:
            named = (one for one in functions if isinstance(one, dict) and one.get("name") == name)
            return next(named, None)
    raise ValueError("it is no service of Reckoner's")


def _warn(function: Function, before: Any, since: str) -> None:
    for change in describe_id_changes(before, function.arguments_schema):
        click.echo(
            f"Warning: {since}, under version {function.version}: {change} Results that exist are "
            "no longer found. If that is not meant, undo the change; if it is, raise the version.",
            err=True,
        )
