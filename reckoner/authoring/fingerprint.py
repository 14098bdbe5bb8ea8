"""The fingerprint of a function: whether its code or its arguments have changed."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from reckoner.canonical_json import canonical_json


def fingerprint(implementation: Callable[..., Any], schema: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the source and of the schema with its defaults."""
    digest = hashlib.sha256()
    digest.update(_source(implementation))
    digest.update(b"\0")
    digest.update(canonical_json(dict(schema)).encode("ascii"))
    return digest.hexdigest()


def _source(implementation: Callable[..., Any]) -> bytes:
    """Return the source; where there is none, such as in a shell, the code and its constants."""
    try:
        return inspect.getsource(implementation).encode("utf-8", "surrogatepass")
    except (OSError, TypeError):
        return b"\0".join(_code(implementation.__code__))


def _code(code: CodeType) -> list[bytes]:
    parts = [code.co_code, " ".join(code.co_names).encode()]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            parts.extend(_code(constant))
        else:
            parts.append(repr(constant).encode())
    return parts
