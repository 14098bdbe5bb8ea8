"""The Prefer header (RFC 7240): how long a client would wait for a result."""

import re
from dataclasses import dataclass

import falcon.asgi

#: The longest that a request is held, in seconds.
MOST_WAIT_SECONDS = 60

#: A longer header is ignored.
_MOST_CHARACTERS = 400

_PREFERENCE = re.compile(
    r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*("[^"]*"|[^\s;,"]*))?[ \t]*(?:;|\Z)"""
)
_QUOTED_OR_COMMA = re.compile(r"""("(?:[^"\\]|\\.)*")|,""")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was asked for and will be done: seconds to wait, and words for Preference-Applied."""

    wait_seconds: int
    applied: str | None


def read_preferences(req: falcon.asgi.Request) -> Preferences:
    """Return the preferences that are honoured; others are ignored, as the RFC wants.

    The first of a repeated preference counts. `respond-async` is how a submission is answered
    anyway, unless a wait says how long to hold it.
    """
    header = req.get_header("Prefer")
    if header is None or len(header) > _MOST_CHARACTERS:
        return Preferences(0, None)
    asked: dict[str, str] = {}
    for preference in _split(header):
        if found := _PREFERENCE.match(preference.strip()):
            asked.setdefault(found[1].lower(), (found[2] or "").strip('"'))
    applied = []
    if asked.get("respond-async") == "":
        applied.append("respond-async")
    wait_seconds = 0
    wait = asked.get("wait", "")
    if wait.isascii() and wait.isdigit():
        wait_seconds = min(int(wait), MOST_WAIT_SECONDS)
        applied.append(f"wait={wait_seconds}")
    return Preferences(wait_seconds, ", ".join(applied) or None)


def _split(header: str) -> list[str]:
    """Return what stands between commas, those in quoted strings not counted."""
    return _QUOTED_OR_COMMA.sub(lambda found: found[1] or "\n", header).split("\n")


def write_applied(resp: falcon.asgi.Response, preferences: Preferences) -> None:
    """Say which preferences were honoured, and that the answer depends on them."""
    resp.append_header("Vary", "Prefer")
    if preferences.applied:
        resp.set_header("Preference-Applied", preferences.applied)
