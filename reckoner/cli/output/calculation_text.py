"""A calculation as people read it."""

from collections.abc import Mapping
from typing import Any

from reckoner.canonical_json import canonical_json
from reckoner.cli.output.printable import one_line, printable
from reckoner.cli.output.quantities import about_text, bytes_text, moment_text, seconds_text
from reckoner.cli.output.terminal import with_colour

_SHOWN_ARGUMENTS = 500
_SHOWN_IN_A_LINE = 80


def calculation_text(document: Mapping[str, Any]) -> str:
    """Return a document on lines of a name and a value."""
    lines = [
        ("id", document["id"]),
        ("function", f"{printable(document['function'])} (version {document['version']})"),
        ("arguments", one_line(canonical_json(document["arguments"]), _SHOWN_ARGUMENTS)),
        ("status", _status(document)),
        ("lane", printable(document["lane"])),
    ]
    lines += [
        (name, moment_text(document[member]))
        for name, member in _MOMENTS
        if document.get(member) is not None
    ]
    if document.get("compute_seconds") is not None:
        lines.append(("computed in", seconds_text(document["compute_seconds"])))
    if document.get("peak_bytes") is not None:
        lines.append(("memory", bytes_text(document["peak_bytes"])))
    for name, member in (("submitted by", "submitted_by"), ("cancelled by", "cancelled_by")):
        if document.get(member) is not None:
            lines.append((name, printable(document[member])))
    if document["status"] in ("queued", "running") and document.get("estimate"):
        lines.append(("estimate", estimate_text(document["estimate"])))
    if document.get("result"):
        lines.extend(_result_lines(document["result"]))
    if document.get("error"):
        lines.append(("error", printable(str(document["error"].get("detail")))))
    return "".join(f"{name:<12} {value}\n" for name, value in lines)


def calculation_line(document: Mapping[str, Any]) -> str:
    """Return what a calculation is and how far it is, on one line."""
    arguments = one_line(canonical_json(document["arguments"]), _SHOWN_IN_A_LINE)
    return f"{document['id']} {_status(document)}: {printable(document['function'])} {arguments}\n"


_MOMENTS = (("created", "created_at"), ("started", "started_at"), ("finished", "finished_at"))


def estimate_text(estimate: Mapping[str, Any]) -> str:
    """Return what a calculation is expected to need."""
    parts = []
    if estimate.get("seconds") is not None:
        parts.append(f"{about_text(estimate['seconds'])} on one core")
    if estimate.get("bytes") is not None:
        parts.append(f"{bytes_text(estimate['bytes'])} of memory")
    if estimate.get("digits") is not None:
        parts.append(f"{estimate['digits']:,} digits")
    if estimate.get("source") == "history":
        parts.append("learnt from earlier ones")
    return ", ".join(parts)


def _status(document: Mapping[str, Any]) -> str:
    status = with_colour(printable(document["status"]))
    if document["status"] == "running":
        status += f", {document['progress']:.0%}"
    return f"{status}, attempt {document['attempts']}" if document["attempts"] > 1 else status


def _result_lines(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    value = result.get("value")
    if value is not None:
        shown = printable(value) if isinstance(value, str) else canonical_json(value)
    elif result.get("head") is not None:
        shown = f"{one_line(result['head'], 40)}…{one_line(result['tail'], 40)}"
    else:
        shown = printable(result["media_type"])
    size = (
        f"{result['length']:,} bytes"
        if result.get("digits") is None
        else f"{result['digits']:,} digits"
    )
    media_type = printable(result["media_type"])
    lines = [("result", shown.rstrip("\n")), ("", f"{size} of {media_type}")]
    if result.get("check"):
        lines.append(("checked by", printable(str(result["check"]))))
    return [*lines, ("SHA-256", result["sha256"])]
