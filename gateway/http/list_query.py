"""Which page of the list a request asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.http.cursors import Position, decode_cursor, encode_cursor
from gateway.http.filters import LIST_FILTERS, read_list_filters
from gateway.http.limits import DEFAULT_PAGE_CALCULATIONS, MAX_PAGE_CALCULATIONS
from gateway.http.query_parameters import single_values
from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid
from shared.store.selection.filters import Filters

#: For KnownParameters.
LIST_PARAMETERS = (*LIST_FILTERS, "limit", "cursor")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A page: those that match, from the place `before` on, and how many of them.

    `given` are the parameters as they came, without the cursor, by name.
    """

    filters: Filters
    limit: int
    before: Position | None
    given: tuple[tuple[str, str], ...]

    def following(self, last: Position) -> str:
        """Return the URL of the page that begins after this place."""
        query = {**dict(self.given), "cursor": encode_cursor(last)}
        return f"/calculations?{urlencode(query)}"


def read_list_query(parameters: Mapping[str, str | list[str]]) -> ListQuery:
    """Return what the parameters of a request ask for; raise ArgumentsInvalid."""
    query = single_values(parameters)
    return ListQuery(
        filters=read_list_filters(query),
        limit=_parse_limit(query.get("limit")),
        before=decode_cursor(query["cursor"]) if "cursor" in query else None,
        given=tuple(sorted((name, text) for name, text in query.items() if name != "cursor")),
    )


def _parse_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE_CALCULATIONS
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE_CALCULATIONS))
    if not is_number or not 1 <= int(text) <= MAX_PAGE_CALCULATIONS:
        detail = f"limit must be a number from 1 to {MAX_PAGE_CALCULATIONS}."
        raise ArgumentsInvalid([Fault("/limit", detail)])
    return int(text)
