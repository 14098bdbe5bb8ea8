"""The schemas of functions as this user last checked them, to tell what a change does to ids.

They are in the user's cache folder, which may be deleted at any time.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

#: Functions that are remembered; the oldest are forgotten first.
_KEPT = 200


class KnownSchema(NamedTuple):
    """What was checked last under a function's name."""

    version: int
    schema: Mapping[str, Any]


def exchange(
    module_file: str, name: str, version: int, schema: Mapping[str, Any]
) -> KnownSchema | None:
    """Remember a function's schema, and return the one before; None if there was none.

    A cache that cannot be read or written is no fault.
    """
    try:
        file = _file()
    except RuntimeError:  # a user without a home, as in some containers
        return None
    known = _read(file)
    key = f"{module_file}:{name}"
    before = known.pop(key, None)
    known[key] = {"version": version, "schema": dict(schema)}
    kept = dict(list(known.items())[-_KEPT:])
    with suppress(OSError, TypeError, ValueError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(file)
    match before:
        case {"version": int(was), "schema": dict(old)}:
            return KnownSchema(was, old)
    return None


def _file() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "reckoner" / "checked-functions.json"


def _read(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
