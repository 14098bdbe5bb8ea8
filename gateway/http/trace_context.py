"""The traceparent header: which trace of the client's a request belongs to (W3C Trace Context).

Reckoner makes no spans of its own. It keeps the context with the calculation, carries it to the
worker, and writes the trace id into its logs. A response does not repeat it.
"""

import re

import falcon.asgi

#: Version, trace id, parent id and flags. A later version may append more after another dash.
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)

_SAMPLED = 0x01


def read_traceparent(req: falcon.asgi.Request) -> str | None:
    """Return the request's trace context as version 00 writes it; None without a valid one."""
    given = req.get_header("Traceparent")
    return None if given is None else parse_traceparent(given)


def parse_traceparent(text: str) -> str | None:
    """Return a traceparent as version 00 writes it; None if it is malformed.

    Of a later version the members that version 00 has are taken, and of the flags the only one that
    it defines (W3C Trace Context level 1, sections 2.2.2 to 3.2.2.6 and 4.3).
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    version, trace_id, parent_id, flags, rest = found.groups()
    is_malformed = version == "ff" or (version == "00" and rest is not None)
    if is_malformed or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    return f"00-{trace_id}-{parent_id}-{int(flags, 16) & _SAMPLED:02x}"
