"""What users of Reckoner import and type.

`from reckoner import function` is all that the author of a function needs. The names are imported
when they are first used, so that programs that need none of them start without pydantic.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotated_types import Ge, Gt, Le, Len, Lt, MaxLen, MinLen, MultipleOf

    from reckoner.authoring.decorator import function
    from reckoner.authoring.definition import Function
    from reckoner.authoring.errors import CalculationFailed, FunctionInvalid
    from reckoner.authoring.estimates import Estimate, interpolate
    from reckoner.authoring.progress import Progress
    from reckoner.authoring.results.checks import Residue
    from reckoner.authoring.results.kinds import Digits, MediaType

__all__ = [
    "CalculationFailed",
    "Digits",
    "Estimate",
    "Function",
    "FunctionInvalid",
    "Ge",
    "Gt",
    "Le",
    "Len",
    "Lt",
    "MaxLen",
    "MediaType",
    "MinLen",
    "MultipleOf",
    "Progress",
    "Residue",
    "function",
    "interpolate",
]

_MODULES = {
    "CalculationFailed": "reckoner.authoring.errors",
    "Digits": "reckoner.authoring.results.kinds",
    "Estimate": "reckoner.authoring.estimates",
    "Function": "reckoner.authoring.definition",
    "FunctionInvalid": "reckoner.authoring.errors",
    "MediaType": "reckoner.authoring.results.kinds",
    "Progress": "reckoner.authoring.progress",
    "Residue": "reckoner.authoring.results.checks",
    "function": "reckoner.authoring.decorator",
    "interpolate": "reckoner.authoring.estimates",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_MODULES.get(name, "annotated_types")), name)
    globals()[name] = found
    return found
