"""The names of keys."""

import re

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)

#: What a name must be, as a person is told.
NAMING_RULE = (
    "A name has 1 to 64 characters of A-Z, a-z, 0-9, dot, underscore and hyphen, "
    "and does not look like the id of a key"
)


def is_key_name(text: str) -> bool:
    """Say whether a key may have this name.

    One that looks like an id may not: commands accept both.
    """
    return bool(_NAME.fullmatch(text)) and not is_key_id(text)


def is_key_id(text: str) -> bool:
    """Say whether it has the form of an id."""
    return bool(_ID.fullmatch(text))
