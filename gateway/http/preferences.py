"""The Prefer header (RFC 7240): how long a client is willing to wait for a result."""

import re
from dataclasses import dataclass

import falcon.asgi

from gateway.http.limits import MAX_PREFER_CHARACTERS, MAX_WAIT_SECONDS

_PREFERENCE = re.compile(
    r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*("[^"]*"|[^\s;,"]*))?[ \t]*(?:;|\Z)"""
)
_QUOTED_OR_COMMA = re.compile(r"""("(?:[^"\\]|\\.)*")|,""")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is honoured: the seconds to wait, and the value of Preference-Applied."""

    wait_seconds: int
    applied: str | None


def read_preferences(req: falcon.asgi.Request) -> Preferences:
    """Return the preferences that are honoured; others are ignored, as the RFC demands.

    The first of a repeated preference counts. `respond-async` changes nothing: without `wait` a
    submission is not held anyway.
    """
    header = req.get_header("Prefer")
    if header is None or len(header) > MAX_PREFER_CHARACTERS:
        return Preferences(0, None)
    given: dict[str, str] = {}
    for preference in _split(header):
        if found := _PREFERENCE.match(preference.strip()):
            given.setdefault(found[1].lower(), (found[2] or "").strip('"'))
    applied = []
    if given.get("respond-async") == "":
        applied.append("respond-async")
    wait_seconds = 0
    wait = given.get("wait", "")
    if wait.isascii() and wait.isdigit():
        wait_seconds = min(int(wait), MAX_WAIT_SECONDS)
        applied.append(f"wait={wait_seconds}")
    return Preferences(wait_seconds, ", ".join(applied) or None)


def _split(header: str) -> list[str]:
    """Split at commas outside of quoted strings."""
    return _QUOTED_OR_COMMA.sub(lambda found: found[1] or "\n", header).split("\n")


def write_applied(resp: falcon.asgi.Response, preferences: Preferences) -> None:
    """Set Preference-Applied, and Vary, because the response depends on Prefer."""
    resp.append_header("Vary", "Prefer")
    if preferences.applied:
        resp.set_header("Preference-Applied", preferences.applied)
