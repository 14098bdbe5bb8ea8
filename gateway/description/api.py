"""The whole description, made once: limits, words, problems and functions are the code's own."""

from importlib.metadata import version
from typing import Any

from gateway.access.browsers.cookies import SESSION_COOKIE
from gateway.description.headers import HEADERS
from gateway.description.operations import Operation, problem_examples, problem_responses
from gateway.description.parameters import PARAMETERS
from gateway.description.routes import browsers, calculations, functions, lists, results, service
from gateway.description.schemas.builders import Schema
from gateway.description.schemas.catalogue import catalogue
from gateway.description.schemas.documents import documents
from gateway.description.schemas.state import state
from gateway.description.schemas.words import problems, words
from gateway.description.submissions import submission_examples, submission_schemas
from gateway.http.limits import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES, MAX_CANCEL_BODY_BYTES
from reckoner.distributions import OUR_DISTRIBUTION
from shared.config import Settings
from shared.functions.registry import Registry

_ABOUT = f"""Calculations over REST: queued durably, computed once, and exact.

**Integers are exact at any size**, in arguments and in results: read and write them with a parser
that keeps long ones, and not as 64-bit numbers. An integer is spelled without a fraction or an
exponent: `10.0` and `1e1` are refused.

Unknown members of a body and unknown parameters of a query are errors. A body may have up to
{MAX_BODY_BYTES} bytes, that of a batch {MAX_BATCH_BODY_BYTES}, and
that of a cancel of many {MAX_CANCEL_BODY_BYTES}.

GET routes answer HEAD as well, except `/calculate/{{n}}`, which submits.

Responses to pages of the origins in RECKONER_CORS_ORIGINS have `Access-Control-Allow-Origin` and
`Access-Control-Expose-Headers` as well.

Errors are problem documents (RFC 9457) with a stable `type`. Those of a request that reaches no
route are 404 `route-not-found` and 405 `method-not-allowed`, with `Allow`; what NGINX refuses with
a status that is not listed is `http-error`."""

_TAGS = {
    "Calculations": "Submitting calculations, and following them.",
    "Results": "The bytes.",
    "Functions": "What can be calculated.",
    "Service": "Health, state, and this description.",
    "Browsers": "Sessions, for what cannot send a header.",
}


def describe_api(settings: Settings, registry: Registry) -> dict[str, Any]:
    """Return the description of the interface as these settings and functions make it."""
    found = all_operations(registry)
    paths: dict[str, dict[str, Any]] = {}
    for one in found:
        described = one.described(are_keys_on=settings.are_keys_on)
        paths.setdefault(one.path, {})[one.method.lower()] = described
    schemas: dict[str, Schema] = {
        **words(),
        **problems(),
        **documents(),
        **catalogue(),
        **state(),
        **submission_schemas(registry, settings),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Reckoner", "version": version(OUR_DISTRIBUTION), "description": _ABOUT},
        # Relative: this description is served by what it describes.
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": dict(PARAMETERS) | {"n": _number(schemas)},
            "headers": dict(HEADERS),
            "responses": problem_responses(),
            "examples": problem_examples(),
            "securitySchemes": _security_schemes(),
        },
    }


def all_operations(registry: Registry) -> list[Operation]:
    """Return every operation, in the order in which they are shown."""
    examples = submission_examples(registry)
    batch = {"calculations": [one["value"] for one in examples.values()]}
    return [
        *calculations.operations(examples, {"all": {"value": batch}} if examples else {}),
        *lists.operations(),
        *results.operations(registry),
        *functions.operations(),
        *service.operations(),
        *browsers.operations(),
    ]


def _number(schemas: dict[str, Schema]) -> dict[str, Any]:
    """Return the parameter of /calculate/{n}, with the bounds of Fibonacci's argument."""
    arguments = schemas.get("Arguments_fibonacci", {})
    schema = arguments.get("properties", {}).get("n", {"type": "integer", "minimum": 0})
    return {
        "name": "n",
        "in": "path",
        "required": True,
        "description": "Which Fibonacci number.",
        "schema": {name: value for name, value in schema.items() if name != "description"},
        "example": 10,
    }


def _security_schemes() -> dict[str, Any]:
    return {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "rk_<id>_<secret>",
            "description": "An API key. The operator makes it with `reckoner key create`; where "
            "keys are off, none is needed. Each operation lists the scope that it needs.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "The session of a browser, begun by `POST /session`.",
        },
    }
