"""Ranges: which bytes a Range header asks for (RFC 9110, section 14)."""

import re

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)

#: Beyond any length. CPython refuses to parse very long integers.
_BEYOND = 10**20


def parse_range(header: str, length: int) -> tuple[int, int] | None:
    """Return the first byte and the end, which is not included; None if the header is ignored.

    Several ranges, other units, and ranges that are not well-formed are ignored. The range is not
    satisfiable if it begins at `length` or beyond, or is empty.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return length - min(_number(last), length), length
    if not last:
        return _number(first), length
    if _number(last) < _number(first):
        return None
    return _number(first), min(_number(last) + 1, length)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 20 else _BEYOND
