"""/calculations/count: GET tells how many calculations match, up to a bound."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.filters import LIST_FILTERS, read_list_filters
from gateway.http.limits import MAX_COUNTED
from gateway.http.query_parameters import single_values
from gateway.http.responses import write_json
from shared.keys.scope import Scope
from shared.store.selection.counting import count_calculations


class Count:
    """The number of calculations."""

    scopes = by_method(GET=Scope.READ)

    #: For KnownParameters.
    parameters = LIST_FILTERS

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the number, which is exact up to MAX_COUNTED."""
        filters = read_list_filters(single_values(req.params))
        found = await self._database.run_transaction(
            lambda connection: count_calculations(connection, filters, most=MAX_COUNTED + 1)
        )
        content = {"count": min(found, MAX_COUNTED), "is_exact": found <= MAX_COUNTED}
        write_json(resp, content, cache="no-cache")

    on_head = on_get
