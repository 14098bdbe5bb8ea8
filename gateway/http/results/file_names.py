"""The name under which a browser stores a result: from its function and its arguments."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

from gateway.http.limits import MAX_FILE_NAME_BYTES, MAX_NAMED_ARGUMENTS_CHARACTERS

#: Names that Windows keeps for devices, whatever the extension.
_OF_A_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])(\.|$)", re.IGNORECASE)

#: Neither two dots in a row, nor dots and hyphens at the ends: they would make a hidden file, a
#: path or an option of a command.
_DOTS = re.compile(r"-*\.{2,}-*")
_NOT_AT_THE_ENDS = ".-"

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._+-]")

_ID_CHARACTERS = 8


def content_disposition(name: str, *, is_shown: bool) -> str:
    """Return the header for a file of this name (RFC 6266), which a browser shows or downloads.

    A name beyond ASCII is given a second time, in UTF-8.
    """
    kind = "inline" if is_shown else "attachment"
    plain = _in_ascii(name)
    header = f'{kind}; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name)}"


def file_name(function: str, arguments_text: str, identity: UUID, extension: str) -> str:
    """Return a name such as fibonacci-n-100000.txt.

    Before its extension it has letters, digits and `.`, `_`, `-`, `+` alone. One that would be
    longer than MAX_FILE_NAME_BYTES is cut, and ends with the beginning of the id.
    """
    words = [function]
    is_whole = len(arguments_text) <= MAX_NAMED_ARGUMENTS_CHARACTERS
    if is_whole:
        # Numbers as they are spelled: Python refuses to parse very long ones.
        words += _words(json.loads(arguments_text, parse_int=str, parse_float=str))
    name = _clean("-".join(words)).encode()
    if not is_whole or len(name) > MAX_FILE_NAME_BYTES:
        name = name[: MAX_FILE_NAME_BYTES - _ID_CHARACTERS - 1]
        name += f"-{str(identity)[:_ID_CHARACTERS]}".encode()
    return f"{_not_of_a_device(name.decode(errors='ignore'))}.{extension}"


def _words(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                yield name
                yield from _words(member)
        case list():
            for item in value:
                yield from _words(item)
        case str():
            yield value
        case _:
            yield json.dumps(value)  # true, false or null


def _clean(text: str) -> str:
    kept = "".join(
        character if character in "._-+" or unicodedata.category(character)[0] in "LMN" else "-"
        for character in unicodedata.normalize("NFKC", text)
    )
    return _DOTS.sub("-", kept).strip(_NOT_AT_THE_ENDS)


def _not_of_a_device(name: str) -> str:
    return f"result-{name}".rstrip("-") if not name or _OF_A_DEVICE.match(name) else name


def _in_ascii(name: str) -> str:
    """Return the name with letters beyond ASCII as the nearest ones in it, or as `_`."""
    stem, _, extension = name.rpartition(".")
    decomposed = unicodedata.normalize("NFKD", stem)
    letters = "".join(one for one in decomposed if not unicodedata.combining(one))
    return f"{_not_of_a_device(_clean(_NOT_PLAIN.sub('_', letters)))}.{extension}"
