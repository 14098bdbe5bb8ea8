"""The body of POST /dead-letters/redrive: of which lane."""

from collections.abc import Mapping
from typing import Any

from gateway.http.limits import MAX_LISTED_MEMBERS, MAX_SHOWN_CHARACTERS
from reckoner.authoring.faults import Fault, pointer_to
from shared.calculation import Lane
from shared.errors import ArgumentsInvalid


def read_redrive_body(body: Any) -> Lane | None:
    """Return the lane, or None for both; raise ArgumentsInvalid for anything else."""
    if not isinstance(body, Mapping):
        raise ArgumentsInvalid([Fault("", "An object is expected, such as {}.")])
    unknown = [name for name in body if name != "lane"]
    faults = [
        Fault(pointer_to(name[:MAX_SHOWN_CHARACTERS]), "There is no such member.")
        for name in unknown[:MAX_LISTED_MEMBERS]
    ]
    lane = body.get("lane")
    if lane is not None and lane not in list(Lane):
        faults.append(Fault("/lane", f"lane must be one of: {', '.join(Lane)}, or null for both."))
    if faults:
        raise ArgumentsInvalid(faults, max(len(faults), len(unknown)))
    return None if lane is None else Lane(lane)
