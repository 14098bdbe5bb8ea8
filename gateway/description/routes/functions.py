"""The functions that are installed."""

from gateway.description.operations import Answer, Operation
from gateway.description.schemas.builders import reference
from gateway.routes.functions import Functions, OneFunction

_TAG = "Functions"


def operations() -> list[Operation]:
    """Return the operations."""
    return [
        Operation(
            "GET",
            "/functions",
            Functions,
            "listFunctions",
            _TAG,
            "List the functions, and what cannot be used",
            {200: Answer("The functions, by name.", reference("FunctionCatalogue"))},
        ),
        Operation(
            "GET",
            "/functions/{name}",
            OneFunction,
            "getFunction",
            _TAG,
            "Get one function",
            {200: Answer("Its entry in the list.", reference("Function"))},
            parameters=("name",),
            problems=("FunctionNotFound",),
        ),
    ]
