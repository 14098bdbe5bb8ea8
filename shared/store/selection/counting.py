"""How many calculations match a filter, up to a bound."""

from sqlalchemy import Connection, text

from shared.calculation import Status
from shared.store.selection.filters import OF_IDS, Filters
from shared.store.selection.listing import ENDED, TIME_LIMIT, UNFINISHED

#: No filter makes it look at many that do not match: each is a condition on the index. What has
#: ended comes first: until it is vacuumed, the index has entries of all that were unfinished once,
#: and they are read only if there are few others.
_COUNT = """
    WITH RECURSIVE {functions}
    SELECT count(*) FROM (
        SELECT * FROM ({ended}) AS ended
        UNION ALL SELECT * FROM ({unfinished}) AS unfinished
        LIMIT :limit) AS counted"""

_COUNT_OF_IDS = """
    WITH {found}
    SELECT count(*) FROM (SELECT FROM found WHERE {selected} LIMIT :limit) AS counted"""


def count_calculations(connection: Connection, filters: Filters, *, most: int) -> int:
    """Return how many match, or `most` if they are more."""
    values = filters.values() | {
        "statuses": filters.among(tuple(Status)),
        "ended": filters.among(ENDED),
        "unfinished": filters.among(UNFINISHED),
        "limit": most,
    }
    if filters.ids is not None:
        statement = _COUNT_OF_IDS.format(
            found=OF_IDS.format(columns="function, lane, status, created_at"),
            selected=filters.selected,
        )
    else:
        statement = _COUNT.format(
            functions=filters.functions,
            ended=filters.streams("ended"),
            unfinished=filters.streams("unfinished"),
        )
    connection.execute(TIME_LIMIT)
    return int(connection.execute(text(statement), values).scalar_one())
