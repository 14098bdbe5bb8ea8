"""docs/reference/routes.md: each route, from the description of the API and nothing else."""

import re
from collections.abc import Iterator
from functools import reduce
from typing import Any

from gateway.description.api import describe_api
from shared.config import load_settings
from shared.failures import PROBLEM_PREFIX
from shared.functions.registry import load_registry
from tests.documents.parts import ROOT, table

PAGE = ROOT / "docs/reference/routes.md"

_HEAD = """\
# Routes

Each route with its parameters, and with every status and type of problem that it may be answered.
This page is written by `make documents` from [the description](api.md#the-description), which
`/openapi.json` has. [The HTTP API](api.md) says how the routes are used, and
[problem types](problems.md) what to do about each.

"""

Operation = dict[str, Any]

_FIRST_ERROR = 400


def routes_page() -> str:
    """Return the whole page."""
    description = _description()
    operations = [
        (path, method.upper(), operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    tags = [tag["name"] for tag in description["tags"]]
    # An answer to HEAD has no body, and so no type of problem.
    with_bodies = [operation for _, method, operation in operations if method != "HEAD"]
    common = _Common(description, with_bodies)
    parts = [_HEAD, "".join(f"- [{tag}](#{tag.lower()})\n" for tag in tags), "\n", common.text()]
    for tag in tags:
        parts.append(f"## {tag}\n\n")
        for path, method, operation in operations:
            if operation["tags"] == [tag]:
                parts.append(_route(description, common, path, method, operation))
    return "".join(parts).rstrip() + "\n"


class _Common:
    """What many routes share, so that it is said once."""

    def __init__(self, description: dict[str, Any], operations: list[Operation]) -> None:
        self._description = description
        self.parameters = _shared([set(_references(one)) for one in operations])
        problems = {one["operationId"]: set(problems_of(description, one)) for one in operations}
        self.all = _shared(list(problems.values()))
        self.body = _shared([problems[one["operationId"]] for one in operations if _has_body(one)])
        self.scope = _shared([problems[one["operationId"]] for one in operations if _scope(one)])
        self.scope -= self.all
        self.body -= self.all | self.scope

    def of(self, operation: Operation) -> set[tuple[int, str]]:
        """Return the problems of a route that need not be said of it again."""
        found = set(self.all)
        found |= self.body if _has_body(operation) else set()
        return found | (self.scope if _scope(operation) else set())

    def text(self) -> str:
        """Return the beginning of the page, which says what they share."""
        parameters = [_parameter(self._description, name) for name in sorted(self.parameters)]
        rows = [
            ("any request", _problems(self.all)),
            ("one with a body", _problems(self.body)),
            ("one that needs a scope", _problems(self.scope)),
        ]
        return (
            "Every route takes these parameters:\n\n"
            + table(("parameter", "in", "meaning"), parameters)
            + "\nand may answer with these problems:\n\n"
            + table(("what was sent", "problems"), rows)
            + "\nThe routes below list what they have beyond that.\n\n"
        )


def _route(
    description: dict[str, Any], common: _Common, path: str, method: str, operation: Operation
) -> str:
    scope = _scope(operation)
    needs = f"needs the scope `{scope}`" if scope else "needs no key"
    lines = [f"### {method} {path}\n", f"{operation['summary']}; {needs}."]
    if text := operation.get("description"):
        lines[-1] += f" {_one_line(text)}"
    body = operation.get("requestBody", {}).get("content", {})
    for media_type, content in body.items():
        schema = content["schema"]["$ref"].rpartition("/")[2]
        lines.append(f"\nThe body is `{schema}`, `{media_type}`.")
    own = [name for name in _references(operation) if name not in common.parameters]
    if own:
        rows = [_parameter(description, name) for name in own]
        lines.append("\n" + table(("parameter", "in", "meaning"), rows).rstrip())
    problems = set(problems_of(description, operation)) - common.of(operation)
    lines.append("\n" + table(("status", "answer"), _answers(operation, problems)))
    return "\n".join(lines) + "\n"


def _answers(operation: Operation, problems: set[tuple[int, str]]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for status, response in operation["responses"].items():
        types = ", ".join(f"`{name}`" for code, name in sorted(problems) if code == int(status))
        content = response.get("content", {})
        others = [one for one in content if one != "application/problem+json"]
        text = ""
        if int(status) < _FIRST_ERROR:
            text = _one_line(response.get("description", ""))
        elif others:
            text = "The document of 200"
        if others:
            text += f" ({', '.join(f'`{one}`' for one in others)})"
        if text or types:
            rows.append((status, "; ".join(filter(None, [text, types]))))
    return rows


def problems_of(description: dict[str, Any], operation: Operation) -> Iterator[tuple[int, str]]:
    """Yield the status and the name of each problem type that a route may answer with."""
    for status, response in operation["responses"].items():
        if "$ref" in response:
            name = response["$ref"].rpartition("/")[2]
            response = description["components"]["responses"][name]
        schema = response.get("content", {}).get("application/problem+json", {}).get("schema", {})
        for one in schema.get("oneOf", [schema] if schema else []):
            name = one["$ref"].rpartition("/")[2]
            types = description["components"]["schemas"][name]["properties"]["type"]["enum"]
            for urn in types:
                yield int(status), urn.removeprefix(PROBLEM_PREFIX)


def _description() -> dict[str, Any]:
    addresses = {
        "database_url": "postgresql+psycopg2://a@127.0.0.1/b",
        "broker_url": "amqp://127.0.0.1:1/%2F",
        "keys": "on",
    }
    return describe_api(load_settings(addresses), load_registry())


def _references(operation: Operation) -> list[str]:
    return [one["$ref"].rpartition("/")[2] for one in operation["parameters"]]


def _parameter(description: dict[str, Any], name: str) -> tuple[str, str, str]:
    parameter = description["components"]["parameters"][name]
    text = _one_line(parameter["description"])
    schema = parameter["schema"]
    if "default" in schema:
        text += f" From {schema['minimum']} to {schema['maximum']}, by default {schema['default']}."
    return f"`{parameter['name']}`", parameter["in"], text


def _problems(found: set[tuple[int, str]]) -> str:
    by_status: dict[int, list[str]] = {}
    for status, name in sorted(found):
        by_status.setdefault(status, []).append(f"`{name}`")
    return ", ".join(f"{status} {', '.join(names)}" for status, names in by_status.items())


def _scope(operation: Operation) -> str | None:
    for way in operation["security"]:
        for scopes in way.values():
            return str(scopes[0])
    return None


def _has_body(operation: Operation) -> bool:
    return bool(operation.get("requestBody", {}).get("required"))


def _shared(sets: list[set[Any]]) -> set[Any]:
    return reduce(set.intersection, sets)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
