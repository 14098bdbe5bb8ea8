"""Functions of the catalogue as people read them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reckoner.canonical_json import canonical_json
from reckoner.cli.arguments.json_types import json_types
from reckoner.cli.output.printable import one_line, printable
from reckoner.cli.output.quantities import bytes_text, seconds_text

_SHOWN = 200
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}


def function_lines(functions: Sequence[Mapping[str, Any]]) -> str:
    """Return a line for each function: its name, and what it does in short."""
    width = max((len(one["name"]) for one in functions), default=0)
    return "".join(
        f"{printable(one['name']):<{width}}  {one_line(one['summary'], _SHOWN)}".rstrip() + "\n"
        for one in functions
    )


def function_text(function: Mapping[str, Any]) -> str:
    """Return what a function does, its arguments, what it returns, and how to run its examples."""
    schema = function["arguments"]
    required = schema.get("required", ())
    lines = [f"{printable(function['name'])} (version {function['version']})"]
    about = function.get("description") or function.get("summary") or ""
    lines += [f"  {line}".rstrip() for line in printable(about).splitlines()]
    lines += ["", "Arguments:"]
    properties = schema.get("properties", {})
    for name, member in properties.items():
        lines.append(
            f"  {printable(name)}: {_argument(member, schema, is_required=name in required)}"
        )
        if member.get("description"):
            lines.append(f"    {one_line(member['description'], _SHOWN)}")
    if not properties:
        lines.append("  none")
    result = function["result"]
    lines += ["", printable(f"Result: {result['kind']} ({result['media_type']})")]
    lines += _more_lines(function)
    return "\n".join(lines) + "\n"


def _more_lines(function: Mapping[str, Any]) -> Iterator[str]:
    """Yield what not every function has, nor every version of the service shows."""
    if function.get("time_limit_seconds") is not None:
        yield f"Time limit: {seconds_text(function['time_limit_seconds'])}"
    if function.get("memory_limit_bytes") is not None:
        yield f"Memory limit: {bytes_text(function['memory_limit_bytes'])}"
    if package := function.get("package"):
        yield printable(f"Package: {package['name']} {package['version']}")
    if examples := function.get("examples"):
        yield from ("", "Examples:")
        name = printable(function["name"])
        for example in examples:
            yield f"  reckoner run {name} {shlex.quote(canonical_json(example))}"


def _argument(member: Mapping[str, Any], root: Mapping[str, Any], *, is_required: bool) -> str:
    words = [" or ".join(sorted(json_types(member, root)))]
    words += [
        f"{limit} {canonical_json(member[bound])}"
        for bound, limit in _BOUNDS.items()
        if bound in member
    ]
    if "enum" in member:
        words.append(f"one of {', '.join(map(canonical_json, member['enum']))}")
    if not is_required:
        words.append(f"{one_line(canonical_json(member.get('default')), _SHOWN)} by default")
    return ", ".join(words)
