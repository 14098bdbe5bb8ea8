"""How durations, rates, bytes, scopes and names are written on the command line."""

import re

from shared.keys.credential import parse_key
from shared.keys.names import NAMING_RULE, is_key_id, is_key_name
from shared.keys.scope import Scope

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MAX_DURATION_SECONDS = 100 * 365 * 86_400

_BYTES = {
    "": 1,
    "B": 1,
    **{f"{prefix}B": 1_000**power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    "KB": 1_000,
    **{f"{prefix}iB": 1_024**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
}
_MAX_BYTES = 2**60
_MAX_NUMBER = 1e12

_DURATION = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)/([smh])", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,18})\s?([A-Za-z]{0,3})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)


def duration_seconds(text: str) -> int:
    """Return the seconds of a duration such as `90d`, `12h`, `30m`, `45s` or `0`.

    Raises ValueError for one that is longer than a hundred years.
    """
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a duration. Write it as 90d, 12h, 30m or 45s.")
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > _MAX_DURATION_SECONDS:
        raise ValueError(f"{text!r} is longer than a hundred years. Write less, or never.")
    return seconds


def expiry_seconds(text: str) -> int | None:
    """Return in how many seconds a key expires, None for `never`."""
    if text == "never":
        return None
    seconds = duration_seconds(text)
    if seconds == 0:
        raise ValueError("The key would have expired already. Write how long it lasts, or never.")
    return seconds


def rate_per_second(text: str) -> float:
    """Return the rate of `50/s`, `600/m` or `1000/h`."""
    found = _RATE.fullmatch(text)
    if not found or float(found[1]) == 0:
        raise ValueError(f"{text!r} is not a rate. Write it as 50/s, 600/m or 1000/h.")
    return float(found[1]) / _SECONDS[found[2]]


def size_bytes(text: str) -> int:
    """Return the bytes of `500`, `10GB` (powers of 1,000) or `5GiB` (powers of 1,024)."""
    found = _SIZE.fullmatch(text)
    size = int(found[1]) * _BYTES.get(found[2], 0) if found else 0
    if size == 0:
        raise ValueError(f"{text!r} is no number of bytes. Write it as 500, 10GB or 5GiB.")
    if size > _MAX_BYTES:
        raise ValueError(f"{text!r} is more than any database holds. Write less.")
    return size


def positive_number(text: str) -> float:
    """Return a number above zero."""
    if not _NUMBER.fullmatch(text) or not 0 < float(text) <= _MAX_NUMBER:
        raise ValueError(f"{text!r} is not a number above zero. Write one, such as 600.")
    return float(text)


def key_name(text: str) -> str:
    """Return the name of a new key."""
    _refuse_key(text)
    if not is_key_name(text):
        raise ValueError(f"{text!r:.80} is not a name for a key. {NAMING_RULE}.")
    return text


def name_or_id(text: str) -> str:
    """Return the name or the id of a key, which may be there."""
    _refuse_key(text)
    if not is_key_name(text) and not is_key_id(text):
        raise ValueError(f"{text!r:.80} is neither a name nor an id. `reckoner key list` has both.")
    return text


def _refuse_key(text: str) -> None:
    """Raise ValueError, which does not show the secret, if this is a whole key."""
    credential = parse_key(text.strip())
    if credential is not None:
        raise ValueError(f"This is a whole key, with its secret. Its id is {credential.id}.")


def scopes_in(text: str) -> frozenset[Scope]:
    """Return the scopes of a text such as `submit,read`."""
    words = [word.strip() for word in text.split(",")]
    unknown = [word for word in words if word not in frozenset(Scope)]
    if unknown:
        raise ValueError(
            f"{unknown[0]!r:.40} is not a scope. Write some of {', '.join(Scope)}, "
            "with commas between them."
        )
    return frozenset(map(Scope, words))
