"""What a change of a function's schema does to the ids of calculations that exist already.

An id is made of the complete arguments, defaults filled in. So a change of a default, or one more
argument, gives the same submissions new ids, and earlier results are no longer found.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_NONE: Any = object()


def describe_id_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each change between two schemas of arguments that changes ids."""
    old, new = before.get("properties", {}), now.get("properties", {})
    for name in sorted(new.keys() - old.keys()):
        yield (
            f"The argument {name} is new: it is part of every calculation's id, so all "
            "calculations get new ids."
        )
    for name in sorted(old.keys() - new.keys()):
        yield f"The argument {name} is gone: all calculations get new ids."
    for name in sorted(old.keys() & new.keys()):
        was, default = (one[name].get("default", _NONE) for one in (old, new))
        if _is_different(was, default):
            yield (
                f"The default of {name} is {_shown(default)} and was {_shown(was)}: calculations "
                f"that are submitted without {name} get new ids."
            )


def _is_different(was: Any, default: Any) -> bool:
    """Return whether a default has changed; that 1 has become true or 1.0 counts as well."""
    return bool(was is not default and (type(was) is not type(default) or was != default))


def _shown(default: Any) -> str:
    return "none" if default is _NONE else repr(default)
