"""Limits as an author writes them."""

from __future__ import annotations

import math
import re

from reckoner.authoring.errors import FunctionInvalid

_UNITS = {
    "": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}


def memory_bytes(given: object) -> int | None:
    """Return `memory=` in bytes: an integer, or text such as "512MiB" or "1.5 GB"."""
    if given is None:
        return None
    found = 0.0
    if isinstance(given, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)", given.strip())
        if match and match[2].removesuffix("") in _UNITS:
            found = float(match[1]) * _UNITS[match[2]]
    elif isinstance(given, int) and not isinstance(given, bool):
        found = given
    if found < 1:
        raise FunctionInvalid(
            f"memory must be a number of bytes or text such as '512MiB' or '2GB'; it is {given!r}."
        )
    return int(found)


def timeout_seconds(given: object) -> float | None:
    """Return `timeout=` in seconds."""
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
        raise FunctionInvalid(f"timeout must be a number of seconds above 0; it is {given!r}.")
    return float(given)
