"""The statement behind the list of calculations, with any of its filters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Status, is_final
from shared.store.calculations import DOCUMENT_COLUMNS, Row
from shared.store.selection.filters import OF_IDS, Filters

#: What takes longer is answered with an error; clients would have given up.
TIME_LIMIT = text("SET LOCAL statement_timeout = '5s'")

ENDED = tuple(status for status in Status if is_final(status))
UNFINISHED = tuple(status for status in Status if not is_final(status))

#: Unfinished ones are read no further than a page of the ended ones reaches: below, until it is
#: vacuumed, the index has entries of all that were unfinished once.
_PAGE = """
    WITH RECURSIVE {functions},
    ended AS ({ended}),
    unfinished AS ({unfinished}),
    newest AS (
        SELECT * FROM ended UNION ALL SELECT * FROM unfinished
        ORDER BY created_at DESC, id DESC LIMIT :limit)
    SELECT {columns} FROM calculations
    WHERE id IN (SELECT newest.id FROM newest)
    ORDER BY created_at DESC, id DESC"""

_WITHIN_A_PAGE = """created_at >= coalesce(
            (SELECT ended.created_at FROM ended
             ORDER BY ended.created_at DESC OFFSET :limit - 1 LIMIT 1), '-infinity')"""

_PAGE_OF_IDS = """
    WITH {found}
    SELECT {columns} FROM found WHERE {selected} AND {after_position}
    ORDER BY created_at DESC, id DESC LIMIT :limit"""


def list_calculations(
    connection: Connection,
    filters: Filters,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return up to `limit` rows, newest first, after the keyset position `before`."""
    values = filters.values() | {
        "statuses": filters.among(tuple(Status)),
        "ended": filters.among(ENDED),
        "unfinished": filters.among(UNFINISHED),
        "limit": limit,
    }
    after_position = "true"
    if before is not None:
        after_position = "(created_at, id) < (:before_created_at, :before_id)"
        values["before_created_at"], values["before_id"] = before
    make = _page_of_ids if filters.ids is not None else _page
    statement = make(filters, after_position)
    connection.execute(TIME_LIMIT)
    return list(map(Row._make, connection.execute(text(statement), values)))


def _page(filters: Filters, after_position: str) -> str:
    return _PAGE.format(
        columns=DOCUMENT_COLUMNS,
        functions=filters.functions,
        ended=filters.newest("ended", after_position),
        unfinished=filters.newest("unfinished", f"{after_position} AND {_WITHIN_A_PAGE}"),
    )


def _page_of_ids(filters: Filters, after_position: str) -> str:
    return _PAGE_OF_IDS.format(
        found=OF_IDS.format(columns=DOCUMENT_COLUMNS),
        columns=", ".join(Row._fields),
        selected=filters.selected,
        after_position=after_position,
    )
