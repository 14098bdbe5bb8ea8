"""The application: routes, middleware, error handling, and how its parts are wired."""

from typing import Any

import falcon
import falcon.asgi

from gateway.access.authentication import Authentication
from gateway.access.browsers.cors import Cors
from gateway.access.browsers.cross_site import CrossSite
from gateway.access.browsers.hosts import Hosts
from gateway.access.key_ring import KeyRing
from gateway.access.keys_off import KeysOff
from gateway.access.last_use import LastUse
from gateway.access.rates import Rates
from gateway.admission.admission import Admission
from gateway.console.page import load_console
from gateway.database.database import Database, make_database
from gateway.description.api import describe_api
from gateway.docs.files import load_docs_page
from gateway.http.errors import handle_error
from gateway.http.query_parameters import KnownParameters
from gateway.http.request_ids import RequestIds
from gateway.metrics.collecting import Collecting
from gateway.metrics.gauges import note_gauges
from gateway.metrics.heartbeat import Heartbeat
from gateway.metrics.request_counts import RequestCounts
from gateway.routes.batch import Batch
from gateway.routes.calculate import Calculate
from gateway.routes.calculation import Calculation
from gateway.routes.calculations import Calculations
from gateway.routes.cancellation import Cancellation
from gateway.routes.console import ConsoleFile, ConsolePage
from gateway.routes.count import Count
from gateway.routes.dead_letters import Redrive
from gateway.routes.docs import Docs, DocsFile
from gateway.routes.estimates import Estimates
from gateway.routes.events import Events
from gateway.routes.functions import Catalogue, Functions, OneFunction
from gateway.routes.health import Live, Ready
from gateway.routes.history import History
from gateway.routes.index import Index
from gateway.routes.list_events import ListEvents
from gateway.routes.listing import Listing
from gateway.routes.metrics import Metrics
from gateway.routes.openapi import OpenApi
from gateway.routes.result_bytes import ResultBytes
from gateway.routes.results import Result
from gateway.routes.session import Session, SessionWithoutKeys
from gateway.routes.system import System
from gateway.server.background import Background, Run
from gateway.server.threads import ComputeThreads
from gateway.server.watchdog import Watchdog
from gateway.submission.known_functions import KnownFunctions
from gateway.submission.plan import Planner
from gateway.submission.submit import Submission
from gateway.waiting.listener import Listener
from gateway.waiting.lists import Lists
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from gateway.waiting.waiters import Waiters
from shared.calculator import Calculator
from shared.config import Settings
from shared.config.hosts import parse_hosts
from shared.config.origins import parse_origins
from shared.functions.registry import Registry
from shared.metrics.counters import Counters
from shared.postgres.connections import connect_to_listen
from shared.store.keys.access import find_access, note_use_of_keys
from shared.store.metrics import ProcessKind
from shared.store.metrics_row import MetricsRow
from shared.store.notifications import CHANGED

App = falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]


def create_app(settings: Settings, registry: Registry, rates: Rates | None = None) -> App:
    """Return the ASGI application; its lifespan opens and closes what it needs.

    `rates` are those that the processes of a gateway share. Each process has counters of its own.
    """
    counters = Counters()
    request_counts = RequestCounts(counters)
    for function in registry:
        function.prepare()
    database = make_database(settings)
    threads = ComputeThreads()
    waiters = Waiters(database)
    listing = Listing(database, threads.long)
    lists = Lists(listing.read_page)
    listener = Listener(
        lambda: connect_to_listen(
            settings.sqlalchemy_url, CHANGED, name="reckoner gateway listener"
        ),
        database,
        waiters,
        lists.mark_changed,
    )
    known_functions = KnownFunctions(registry)
    watchdog = Watchdog(database, threads)
    access: KeysOff | Authentication = KeysOff()
    session: SessionWithoutKeys | Session = SessionWithoutKeys()
    runs: list[Run] = []
    ring = KeyRing(lambda: database.fetch(find_access()))
    if settings.are_keys_on:
        last_use = LastUse(ring, lambda key_ids: database.fetch(note_use_of_keys(key_ids)))
        access = authentication = Authentication(ring, rates or Rates(), last_use)
        session = Session(authentication, ring, database, settings.session_seconds)
        runs = [ring.run, last_use.run]
    background = Background(
        database,
        threads,
        watchdog,
        waiters.run,
        lists.run,
        listener.run,
        watchdog.watch_store,
        watchdog.watch_threads,
        lambda: known_functions.run(database),
        Heartbeat(
            database,
            MetricsRow(counters, ProcessKind.GATEWAY),
            request_counts.count,
            lambda: note_gauges(counters, database, waiters, lists),
        ).run,
        *runs,
    )
    cors_origins = parse_origins(settings.cors_origins)
    middleware: list[Any] = [
        RequestIds(request_counts.note),
        Hosts(parse_hosts(settings.allowed_hosts)),
        *([Cors(cors_origins)] if cors_origins else []),
        CrossSite(cors_origins),
        access,
        KnownParameters(),
        background,
    ]
    app = falcon.asgi.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    app.add_error_handler(Exception, handle_error)
    app.add_error_handler(falcon.HTTPError, handle_error)
    planner = Planner(registry, settings, known_functions.cost)
    _add_routes(app, settings, planner, database, threads, waiters, access, counters, listing)
    app.add_route("/calculations/count", Count(database))
    app.add_route("/calculations/events", ListEvents(lists, access.check_again))
    app.add_route("/session", session)
    _add_pages(app)
    app.add_route("/openapi.json", OpenApi(describe_api(settings, registry)))
    return app


def _add_pages(app: App) -> None:
    console = load_console()
    app.add_route("/", Index(console))
    app.add_route("/console", ConsolePage(console))
    app.add_route("/console/{page:path}", ConsolePage(console))
    app.add_route("/console/files/{digest}/{file:path}", ConsoleFile(console))
    page = load_docs_page()
    app.add_route("/docs", Docs(page))
    app.add_route("/docs/{file}", DocsFile(page))


def _add_routes(
    app: App,
    settings: Settings,
    planner: Planner,
    database: Database,
    threads: ComputeThreads,
    waiters: Waiters,
    access: KeysOff | Authentication,
    counters: Counters,
    listing: Listing,
) -> None:
    lookup = Lookup(database, waiters)
    calculator = Calculator(settings.max_result_bytes)
    admission = Admission(database, settings)
    submission = Submission(database, planner, calculator, lookup, threads, admission, counters)
    retry_after = RetryAfter(database)
    result_bytes = ResultBytes(database, threads.long, lookup, retry_after)
    calculations = Calculations(threads.long, planner, submission, lookup, retry_after, listing)
    app.add_route("/calculations", calculations)
    app.add_route("/calculations/batch", Batch(threads.long, planner, submission))
    app.add_route("/calculations/cancel", Cancellation(database, threads.long, counters))
    app.add_route(
        "/calculations/{calculation_id}", Calculation(database, lookup, retry_after, counters)
    )
    app.add_route("/calculations/{calculation_id}/result", Result(lookup, result_bytes))
    app.add_route(
        "/calculations/{calculation_id}/events", Events(lookup, waiters, access.check_again)
    )
    app.add_route("/calculate/{n}", Calculate(planner, submission, retry_after, result_bytes))
    app.add_route("/estimates", Estimates(threads.long, planner, lookup))
    catalogue = Catalogue(planner.registry, settings)
    app.add_route("/functions", Functions(catalogue))
    app.add_route("/functions/{name}", OneFunction(catalogue))
    app.add_route("/system", System(database, planner.registry, admission, settings))
    app.add_route("/system/history", History(database))
    app.add_route("/dead-letters/redrive", Redrive(database))
    app.add_route("/metrics", Metrics(Collecting(database, threads.long, settings, admission)))
    app.add_route("/health/live", Live())
    app.add_route("/health/ready", Ready(database, planner.registry.problems))
