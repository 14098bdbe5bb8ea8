"""The statement behind the list of calculations, with any of its filters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Status, is_final
from shared.store.calculations import DOCUMENT_COLUMNS, Row
from shared.store.selection.filters import Filters

#: A page that takes longer is answered with an error; clients would have given up.
_TIME_LIMIT = text("SET LOCAL statement_timeout = '5s'")

_ENDED = tuple(status for status in Status if is_final(status))
_UNFINISHED = tuple(status for status in Status if not is_final(status))

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


def list_calculations(
    connection: Connection,
    filters: Filters,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return up to `limit` rows, newest first, after the keyset position `before`."""
    values = filters.values() | {
        "ended": filters.among(_ENDED),
        "unfinished": filters.among(_UNFINISHED),
        "limit": limit,
    }
    after_position = "true"
    if before is not None:
        after_position = "(created_at, id) < (:before_created_at, :before_id)"
        values["before_created_at"], values["before_id"] = before
    statement = _PAGE.format(
        columns=DOCUMENT_COLUMNS,
        functions=filters.functions,
        ended=filters.newest("ended", after_position),
        unfinished=filters.newest("unfinished", f"{after_position} AND {_WITHIN_A_PAGE}"),
    )
    connection.execute(_TIME_LIMIT)
    return list(map(Row._make, connection.execute(text(statement), values)))
