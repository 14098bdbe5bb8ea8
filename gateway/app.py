"""The application: routes, the error table, and what starts and stops with the process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import falcon
import falcon.asgi

from gateway.database.database import Database
from gateway.database.pool import AsyncPool
from gateway.http.errors import handle_error
from gateway.http.middleware import KnownParameters, RequestIds
from gateway.routes.calculate import Seed
from gateway.routes.calculations import Calculation, CalculationBatch, Calculations, Services
from gateway.routes.events import Events
from gateway.routes.functions import Functions
from gateway.routes.health import Live, Ready
from gateway.routes.index import Root
from gateway.routes.listing import CalculationList
from gateway.routes.results import Result
from gateway.routes.system import System
from gateway.server.threads import WatchedThreads, make_inline_threads, make_long_threads
from gateway.server.watchdog import Watchdog
from gateway.submission.plan import Planner
from gateway.submission.submit import Submission
from gateway.waiting.listener import Listener
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from gateway.waiting.waiters import Waiters
from shared.computing import Calculator
from shared.config import Settings
from shared.functions.registry import Registry
from shared.postgres.connections import (
    GRACE_SECONDS,
    connect_to_listen,
    make_async_connector,
    make_engine,
)
from shared.store.notifications import CHANGED

_PAUSE_SECONDS = 1.0

#: Nobody waits longer than this for a statement; a batch of 10,000 takes about one second.
_STATEMENT_SECONDS = 10

_logger = logging.getLogger(__name__)

App = falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]


class Background:
    """The tasks and connections of one process, which live as long as it does."""

    def __init__(
        self,
        database: Database,
        threads: Sequence[WatchedThreads],
        watchdog: Watchdog,
        *runs: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._database = database
        self._threads = threads
        self._watchdog = watchdog
        self._runs = runs
        self._tasks: list[asyncio.Task[None]] = []

    async def process_startup(self, scope: dict[str, Any], event: dict[str, Any]) -> None:  # noqa: ARG002
        """Begin to look and to listen."""
        self._tasks = [asyncio.create_task(for_ever(run)) for run in self._runs]

    async def process_shutdown(self, scope: dict[str, Any], event: dict[str, Any]) -> None:  # noqa: ARG002
        """End them, and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for threads in self._threads:
            threads.close()
        await asyncio.to_thread(self._database.close)
        self._watchdog.end()


async def for_ever(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin again after a bug: requests that wait must not wait for nothing."""
    while True:
        try:
            await run()
        except Exception:
            _logger.exception("A background task failed; it begins again")
            await asyncio.sleep(_PAUSE_SECONDS)


def create_app(settings: Settings, registry: Registry) -> App:
    """Return the ASGI application; its lifespan opens and closes what it needs."""
    connections = settings.gateway_database_connections
    transactions = max(1, connections // 2)
    engine, autocommit = (
        make_engine(
            settings,
            connections=most,
            name="reckoner gateway",
            statement_seconds=_STATEMENT_SECONDS,
            is_autocommit=is_autocommit,
        )
        for is_autocommit, most in ((False, transactions), (True, connections))
    )
    pool = AsyncPool(
        make_async_connector(
            settings, name="reckoner gateway", statement_seconds=_STATEMENT_SECONDS
        ),
        size=transactions,
        timeout_seconds=_STATEMENT_SECONDS + GRACE_SECONDS,
    )
    database = Database(
        pool, engine, autocommit, transactions=transactions, connections=connections
    )
    inline_threads, long_threads = threads = (make_inline_threads(), make_long_threads())
    waiters = Waiters(database)
    listener = Listener(
        lambda: connect_to_listen(settings, CHANGED, name="reckoner gateway listener"),
        database,
        waiters,
    )
    for function in registry:
        function.prepare()
    planner = Planner(registry, settings)
    lookup = Lookup(database, waiters)
    submission = Submission(database, planner, Calculator(), lookup, inline_threads)
    services = Services(
        database, long_threads, lookup, planner, submission, waiters, RetryAfter(database)
    )
    watchdog = Watchdog(database, threads)
    background = Background(
        database,
        threads,
        watchdog,
        waiters.run,
        listener.run,
        watchdog.watch_store,
        watchdog.watch_threads,
    )
    app = falcon.asgi.App(middleware=[RequestIds(), KnownParameters(), background])  # type: ignore[arg-type]
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    app.add_error_handler(Exception, handle_error)
    app.add_error_handler(falcon.HTTPError, handle_error)
    _add_routes(app, services, settings, registry)
    return app


def _add_routes(app: App, services: Services, settings: Settings, registry: Registry) -> None:
    result = Result(services)
    app.add_route("/", Root())
    app.add_route("/calculations", _Collection(services))
    app.add_route("/calculations/batch", CalculationBatch(services))
    app.add_route("/calculations/{calculation_id}", Calculation(services))
    app.add_route("/calculations/{calculation_id}/result", result)
    app.add_route("/calculations/{calculation_id}/events", Events(services))
    app.add_route("/calculate/{n}", Seed(services, result))
    app.add_route("/functions", Functions(registry, settings.memory_limit_bytes))
    app.add_route("/system", System(services.database))
    app.add_route("/health/live", Live())
    app.add_route("/health/ready", Ready(services.database))


class _Collection(Calculations, CalculationList):
    """POST and GET of /calculations, which stand in files of their own."""

    def __init__(self, services: Services) -> None:
        Calculations.__init__(self, services)
        CalculationList.__init__(self, services.database, services.long_threads)
