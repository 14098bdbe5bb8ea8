"""Looking calculations up, many at once."""

from collections.abc import Sequence
from uuid import UUID

from gateway.database.batching import Coalescer
from gateway.database.database import Database
from shared.store.calculations import Row, find_calculations

_MOST_IDS = 200


def make_look(database: Database) -> Coalescer[UUID, Row | None]:
    """Return what looks rows up by id; a row may have a result of 8,192 digits in it."""

    async def look(ids: Sequence[UUID]) -> list[Row | None]:
        distinct = list(dict.fromkeys(ids))
        found = await database.fetch(find_calculations(distinct))
        rows = {row.id: row for row in found}
        return [rows.get(identity) for identity in ids]

    return Coalescer(look, lambda _: 1, _MOST_IDS)
