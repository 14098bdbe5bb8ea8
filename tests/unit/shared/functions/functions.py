"""A function for tests."""

from shared.functions.estimates import Estimate
from shared.functions.signature import Function


def make_function(**overrides):
    fields = {
        "name": "identity",
        "version": 1,
        "summary": "n itself.",
        "arguments_schema": {
            "type": "object",
            "properties": {
                "n": {"type": "integer", "minimum": 0, "maximum": 10**30},
                "label": {"type": "string"},
            },
            "required": ["n"],
            "additionalProperties": False,
        },
        "estimate": lambda arguments: Estimate(1e-6, len(str(arguments["n"])), 30_000_000),
        "compute": lambda arguments, _progress: str(arguments["n"]),
        "residue": lambda arguments, modulus: arguments["n"] % modulus,
    }
    return Function(**{**fields, **overrides})
