"""`reckoner system`: queues, workers, relays, what is stored, and what is wrong."""

from collections.abc import Mapping
from typing import Any

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.output.printable import printable
from reckoner.cli.output.quantities import bytes_text, seconds_text
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.time_limit import time_limit_option

#: A relay whose last heartbeat is older counts as dead.
_SILENT_SECONDS = 15


@click.command("system")
@form_option()
@time_limit_option
@url_option
def command(form: Form, url: str | None) -> None:
    r"""Show the queues, the workers and relays, how much is stored, and what is wrong.

    It needs a key with the scope operate, if keys are on.

    \b
    Examples:
      reckoner system
      reckoner system -o json | jq .lanes.heavy.queued
    """
    with connected(url) as client:
        document = client.system()
    write_document(document, form, lambda: system_text(document))


def system_text(document: Mapping[str, Any]) -> str:
    """Return the state on a few lines. Raises CommandFailed for a document of another form."""
    try:
        return _system_text(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CommandFailed(
            "The service answered with a document of an unknown form. Check --url or RECKONER_URL, "
            "and that this command and the service are of versions that belong together.",
            ExitStatus.UNREACHABLE,
        ) from error


def _system_text(document: Mapping[str, Any]) -> str:
    lines = [_lane_text(name, lane) for name, lane in document["lanes"].items()]
    outbox = document["outbox"]
    lines.append(
        f"{'outbox':<8} {outbox['depth']:,} to publish"
        + (f", the oldest for {seconds_text(outbox['age_seconds'])}" if outbox["depth"] else "")
    )
    finished = ", ".join(f"{count:,} {status}" for status, count in _finished(document))
    lines.append(f"{'finished':<8} {finished or 'nothing'} in the last minute")
    storage = document.get("storage")
    if storage:
        size = bytes_text(storage["bytes"])
        lines.append(f"{'stored':<8} {storage['results']:,} results, {size}")
    lines.append("")
    lines.extend(map(_relay_text, document["relays"]))
    for worker in document["workers"]:
        running = ", ".join(worker["running"]) or "idle"
        lines.append(
            f"{worker['lane']:<8} {worker['host']} pid {worker['pid']}, "
            f"{worker['slots']} slot(s): {running}"
        )
    if not document["workers"]:
        lines.append("no worker")
    problems = document.get("problems", [])  # a service of an earlier version has none
    if problems:
        lines.append("")
    lines.extend(f"{one['severity']:<8} {one['text']} {one['remedy']}" for one in problems)
    return "".join(f"{printable(line)}\n" for line in lines)


def _relay_text(relay: Mapping[str, Any]) -> str:
    notes = [f"{lane}: {what}" for lane, what in relay.get("problems", {}).items()]
    silent_seconds = relay.get("silent_seconds", 0)
    if silent_seconds > _SILENT_SECONDS:
        notes.insert(0, f"silent for {seconds_text(silent_seconds)}")
    return f"relay    {relay['host']} pid {relay['pid']} {'; '.join(notes)}".rstrip()


def _finished(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    return list(document["finished_last_minute"].items())


def _lane_text(name: str, lane: Mapping[str, Any]) -> str:
    oldest = lane.get("oldest_queued_seconds")
    waiting = "" if oldest is None else f", the oldest for {seconds_text(oldest)}"
    return f"{name:<8} {lane['queued']:,} queued{waiting}, {lane['running']:,} running"
