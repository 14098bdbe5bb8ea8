"""The one canonical JSON text of a value: the same value always has the same text.

It is ASCII, has members in the order of their names' code points and no spaces. Integers are exact
at any size. A fraction is spelled as RFC 8785 (section 3.2.2.3) spells the nearest double, which is
JavaScript's way: 5.0 is `5`, -0.0 is `0`, 1e21 is `1e+21`.

The standard library's encoder, which is written in C, makes the text. It differs in the spelling of
some fractions, which are replaced in its text, and it refuses long integers, for which there is a
slow encoder.
"""

import re
from collections.abc import Iterator
from json import JSONEncoder
from math import isfinite
from typing import Any, NoReturn

_TOO_DEEP = "It is nested too deeply, or contains itself."


def canonical_json(value: object) -> str:
    """Return the canonical text of a value of dicts, lists, tuples, str, int, float, bool and None.

    Raises TypeError for other types and for names that are not text, and ValueError for NaN,
    infinities and what is nested too deeply.
    """
    try:
        text = _ENCODE(value)
        has_fractions = _has_fractions(value)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except (ValueError, TypeError):  # a long integer, or what is no JSON: the slow one can tell
        return _slow_text(value)
    if has_fractions and _MAY_DIFFER.search(text):
        return _respelled(text)
    return text


def fraction_text(value: float) -> str:
    """Return RFC 8785's text of a double. Raises ValueError for NaN and infinities."""
    if not isfinite(value):
        raise ValueError(f"{value} is not a number that JSON can hold.")
    text = float.__repr__(value)
    if text.endswith(".0"):
        return "0" if value == 0 else text[:-2]
    mantissa, _, exponent = text.partition("e")
    return text if not exponent else _with_exponent(mantissa, int(exponent))


def integer_text(value: int) -> str:
    """Return the decimal digits of an integer of any size.

    CPython's own conversion is limited to 4,300 digits for the whole process, and takes a time that
    grows with the square of their number; GMP's does not.
    """
    try:
        return int.__repr__(value)
    except ValueError:
        import gmpy2

        return str(gmpy2.mpz(int(value)))


def _with_exponent(mantissa: str, exponent: int) -> str:
    """Spell what Python writes with an exponent. The digits are the same in both spellings."""
    if exponent >= 21:
        return f"{mantissa}e+{exponent}"
    if exponent < -6:
        return f"{mantissa}e{exponent}"
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return sign + digits.ljust(exponent + 1, "0")


# --- With the encoder in C ---

#: What Python may have spelled differently, in a text or outside.
_MAY_DIFFER = re.compile(r"\.0(?![0-9])|e(?:\+(?:1[6-9]|20)(?![0-9])|-0)")

_ENDING_IN_ZERO = re.compile(r"\.0(?![0-9])")
_MINUS_ZERO = re.compile(r"-0(?![0-9.])")
_PADDED_EXPONENT = re.compile(r"e-0(?=[7-9])")
_EXPONENT_TO_DISSOLVE = re.compile(r"e(?:-0[56]|\+(?:1[6-9]|20))(?![0-9])")
_MANTISSA = re.compile(r"[0-9]+(?:\.[0-9]+)?\Z")
#: One digit, a point and 16 digits; a sign stays where it is.
_LONGEST_MANTISSA = 18


def _respelled(text: str) -> str:
    """Return JSON in which every number outside of texts is spelled canonically.

    All that is outside is one string meanwhile, so that few calls do the work.
    """
    has_escapes = "\\" in text
    if has_escapes:  # so that the quotes that are left begin or end a text; JSON has no controls
        text = text.replace("\\\\", "\0").replace('\\"', "\1")
    parts = text.split('"')
    parts[::2] = _respelled_numbers('"'.join(parts[::2])).split('"')
    text = '"'.join(parts)
    return text.replace("\1", '\\"').replace("\0", "\\\\") if has_escapes else text


def _respelled_numbers(text: str) -> str:
    text = _ENDING_IN_ZERO.sub("", text)
    text = _MINUS_ZERO.sub("0", text)
    text = _PADDED_EXPONENT.sub("e-", text)
    return "".join(_without_some_exponents(text)) if "e" in text else text


def _without_some_exponents(text: str) -> Iterator[str]:
    end = 0
    for exponent in _EXPONENT_TO_DISSOLVE.finditer(text):
        at = exponent.start()
        mantissa = _MANTISSA.search(text, max(0, at - _LONGEST_MANTISSA), at)
        assert mantissa is not None
        yield text[end : mantissa.start()]
        yield _with_exponent(mantissa[0], int(exponent[0][1:]))
        end = exponent.end()
    yield text[end:]


_PLAIN = frozenset((str, int, bool, type(None)))
_FLOAT = frozenset((float,))
_TEXT = frozenset((str,))


def _has_fractions(value: object) -> bool:
    """Say whether there are fractions in a value; raise TypeError for names that are not text.

    The encoder in C turns such names into text. `set(map(type, …))` runs in C too, so a list of a
    million numbers costs little.
    """
    has_fractions = False
    pending: list[Any] = [value if isinstance(value, dict) else (value,)]
    while pending:
        members = pending.pop()
        if isinstance(members, dict):
            if not _TEXT.issuperset(map(type, members)):
                _check_names(members)
            members = members.values()
        if _PLAIN.issuperset(map(type, members)):
            continue
        kinds = set(map(type, members)) - _PLAIN
        has_fractions = has_fractions or any(issubclass(kind, float) for kind in kinds)
        if kinds != _FLOAT:
            pending.extend(one for one in members if isinstance(one, (dict, list, tuple)))
    return has_fractions


def _check_names(members: dict[Any, Any]) -> None:
    for name in members:
        if not isinstance(name, str):
            raise TypeError(f"The name of a member must be text; {name!r:.80} is none.")


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"A value of type {type(value).__name__} is not JSON.")


# Made once: with options, json.dumps makes a new encoder for every call.
_ENCODE = JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
    check_circular=False,  # _has_fractions or the recursion limit finds it
    default=_refuse,
).encode


# --- With the slow encoder ---


def _slow_text(value: object) -> str:
    try:
        return "".join(_pieces(value))
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def _pieces(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        _check_names(value)
        opening = "{"
        for name in sorted(value):
            yield f"{opening}{_ENCODE(name)}:"
            yield from _pieces(value[name])
            opening = ","
        yield "{}" if opening == "{" else "}"
    elif isinstance(value, (list, tuple)):
        opening = "["
        for member in value:
            yield opening
            yield from _pieces(member)
            opening = ","
        yield "[]" if opening == "[" else "]"
    elif isinstance(value, float):
        yield fraction_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield integer_text(value)
    else:
        yield _ENCODE(value)
