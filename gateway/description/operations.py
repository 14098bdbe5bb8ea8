"""One operation: a method of a route, and how it stands in the description."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.access.scopes import needed_scope
from gateway.description.headers import ANYWHERE, EVERYWHERE, reference
from gateway.description.problems import PROBLEM_TYPES
from gateway.http.problems import MEDIA_TYPE

JSON = "application/json"

#: What any request may be answered, by NGINX or by the gateway.
_ANY = (
    *("BadRequest", "RequestTimeout", "UriTooLong", "UnknownHost", "InvalidArguments"),
    *("HeadersTooLarge", "Internal", "Unavailable", "HttpVersion"),
)
_WITH_BODY = ("LengthRequired", "NotJson", "BodyTooLarge", "UnsupportedMediaType", "NotImplemented")
_WITH_SCOPE = ("Unauthenticated", "ScopeMissing", "RateExceeded")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that is no problem. `headers` it always has; others of its own it may have."""

    description: str
    schema: Mapping[str, Any] | None = None
    media_types: Sequence[str] = ()
    headers: Sequence[str] = ()
    may_have: Sequence[str] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return the response object."""
        default = () if self.schema is None else (JSON,)
        content: dict[str, Any] = {}
        for media_type in self.media_types or default:
            # The schema is of the first; the others are bytes as well, or text.
            is_described = self.schema is not None and not content
            content[media_type] = {"schema": self.schema} if is_described else {}
            if self.examples:
                content[media_type]["examples"] = self.examples
        found: dict[str, Any] = {
            "description": self.description,
            "headers": reference(*EVERYWHERE, *ANYWHERE, *self.may_have)
            | reference(*self.headers, always=True),
        }
        if content:
            found["content"] = content
        if self.links:
            found["links"] = self.links
        return found


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, which is JSON."""

    schema: Mapping[str, Any]
    examples: Mapping[str, Any]
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a route; `resource` is what responds to it, and says which scope it needs.

    `problems` are those beyond what any such request may be answered.
    """

    method: str
    path: str
    resource: Any
    name: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    parameters: Sequence[str] = ()
    body: Body | None = None
    problems: Sequence[str] = ()
    has_effect: bool = False

    @property
    def scope(self) -> str | None:
        """The scope that a key needs, or None where no key is needed."""
        return needed_scope(self.resource, self.method)

    def described(self, *, are_keys_on: bool) -> dict[str, Any]:
        """Return the operation object."""
        found: dict[str, Any] = {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
        }
        if self.description:
            found["description"] = self.description
        parameters = [*self.parameters, "X-Request-ID", "traceparent"]
        found["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in parameters]
        if self.body is not None:
            found["requestBody"] = {
                "required": self.body.is_required,
                "content": {JSON: {"schema": self.body.schema, "examples": self.body.examples}},
            }
        found["responses"] = self._responses()
        found["security"] = self._security(are_keys_on=are_keys_on)
        return found

    def _security(self, *, are_keys_on: bool) -> list[dict[str, list[str]]]:
        if self.scope is None:
            return []
        ways = [{"key": [self.scope]}, {"session": [self.scope]}]
        # While keys are off, nobody needs one.
        return ways if are_keys_on else [{}, *ways]

    def _responses(self) -> dict[str, Any]:
        by_status: dict[int, set[str]] = {}
        for name in self._problem_types():
            by_status.setdefault(PROBLEM_TYPES[name].status, set()).add(name)
        found = {status: answer.described() for status, answer in self.answers.items()}
        for status, names in by_status.items():
            has_content = self.method != "HEAD"
            if len(names) == 1 and status not in found and has_content:
                found[status] = {"$ref": f"#/components/responses/{names.pop()}"}
                continue
            response = problem_response(names, has_content=has_content)
            if status in found:  # an answer of the route's own, or a problem
                response["content"] |= found[status]["content"]
            found[status] = response
        return {str(status): found[status] for status in sorted(found)}

    def _problem_types(self) -> list[str]:
        names = [*_ANY, *self.problems]
        if self.body is not None:
            names += _WITH_BODY
        if self.scope is not None:
            names += _WITH_SCOPE
        if self.has_effect:
            names.append("CrossSite")
        return names


def problem_response(names: Iterable[str], *, has_content: bool = True) -> dict[str, Any]:
    """Return the response object of problems of these types, which have one status."""
    kinds = {name: PROBLEM_TYPES[name] for name in sorted(names)}
    headers = [{*kind.example.headers} for kind in kinds.values()]
    always = set.intersection(*headers)
    sometimes = set.union(*headers) - always
    found: dict[str, Any] = {
        "description": " ".join(kind.when for kind in kinds.values()),
        "headers": reference(*EVERYWHERE, *ANYWHERE, *sorted(sometimes))
        | reference(*sorted(always), always=True),
    }
    if has_content:
        found["content"] = {
            MEDIA_TYPE: {
                "schema": problem_schema(list(kinds)),
                "examples": {
                    kind.name: {"$ref": f"#/components/examples/{name}"}
                    for name, kind in kinds.items()
                },
            }
        }
    return found


def problem_responses() -> dict[str, Any]:
    """Return a response of each type of problem."""
    return {name: problem_response([name]) for name in PROBLEM_TYPES}


def problem_examples() -> dict[str, Any]:
    """Return an example of each type of problem."""
    return {
        name: {"summary": kind.when, "value": kind.example.document()}
        for name, kind in PROBLEM_TYPES.items()
    }


def problem_schema(names: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a response that is a problem of one of these types."""
    references = {name: f"#/components/schemas/{schema_name(name)}" for name in names}
    if len(references) == 1:
        return {"$ref": next(iter(references.values()))}
    return {"oneOf": [{"$ref": one} for one in references.values()]}


def schema_name(problem: str) -> str:
    """Return the name of a problem type's schema."""
    return f"{problem}Problem"
