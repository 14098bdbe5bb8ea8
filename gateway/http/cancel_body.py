"""The body of POST /calculations/cancel: which calculations, and where to begin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.http.cursors import decode_cursor
from gateway.http.document import is_id
from gateway.http.filters import FILTERS, read_filters
from gateway.http.limits import MAX_CANCEL_IDS, MAX_LISTED_MEMBERS, MAX_SHOWN_CHARACTERS
from reckoner.authoring.faults import MAX_FAULTS, Fault, pointer_to
from shared.errors import ArgumentsInvalid
from shared.keys.names import is_key_id, is_key_name
from shared.store.selection.cancellation import UNFINISHED, Place
from shared.store.selection.filters import Filters

#: Of these at least one, unless there are ids.
CONDITIONS = (*FILTERS, "submitted_by")

_ONE_KIND = f"Either ids, or at least one of {', '.join(CONDITIONS)} is expected."


@dataclass(frozen=True, slots=True)
class CancelBody:
    """Either `ids`, or conditions with ids None; and the place to begin at."""

    ids: list[UUID] | None
    filters: Filters
    submitted_by: str | None
    start: Place | None


def read_cancel_body(body: Any) -> CancelBody:
    """Return what to cancel; raise ArgumentsInvalid unless the body says it."""
    if not isinstance(body, Mapping):
        raise ArgumentsInvalid([Fault("", f"An object is expected. {_ONE_KIND}")])
    _check_members(body)
    ids = _read_ids(body["ids"]) if "ids" in body else None
    return CancelBody(
        ids,
        read_filters(body, UNFINISHED),
        body.get("submitted_by"),
        Place(*decode_cursor(body["cursor"])) if "cursor" in body else None,
    )


def _check_members(body: Mapping[str, Any]) -> None:
    """Raise ArgumentsInvalid for unknown members, wrong types, or neither or both kinds."""
    unknown = [name for name in body if name not in ("ids", "cursor", *CONDITIONS)]
    faults = [
        Fault(pointer_to(name[:MAX_SHOWN_CHARACTERS]), "There is no such member.")
        for name in unknown[:MAX_LISTED_MEMBERS]
    ]
    texts = [name for name in ("cursor", *CONDITIONS) if name in body]
    wrong = [
        Fault(f"/{name}", f"{name} must be a string.")
        for name in texts
        if not isinstance(body[name], str)
    ]
    name = body.get("submitted_by")
    if isinstance(name, str) and not (is_key_name(name) or is_key_id(name)):
        wrong.append(Fault("/submitted_by", "submitted_by must be the name of a key."))
    if ("ids" in body) == any(name in body for name in CONDITIONS):
        wrong.append(Fault("", _ONE_KIND))
    if faults or wrong:
        raise ArgumentsInvalid(faults + wrong, len(unknown) + len(wrong))


def _read_ids(ids: Any) -> list[UUID]:
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_CANCEL_IDS:
        detail = f"ids must be a list of 1 to {MAX_CANCEL_IDS} ids."
        raise ArgumentsInvalid([Fault("/ids", detail)])
    faulty = [index for index, one in enumerate(ids) if not isinstance(one, str) or not is_id(one)]
    if faulty:
        detail = "An id of a calculation is expected: a UUID with hyphens."
        faults = [Fault(f"/ids/{index}", detail) for index in faulty[:MAX_FAULTS]]
        raise ArgumentsInvalid(faults, len(faulty))
    return [UUID(one) for one in ids]
