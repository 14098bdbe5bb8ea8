"""The service itself: links, health, state, and this description."""

from gateway.description.operations import Answer, Body, Operation
from gateway.description.schemas.builders import TEXT, reference
from gateway.routes.console import ConsoleFile, ConsolePage
from gateway.routes.dead_letters import Redrive
from gateway.routes.docs import Docs, DocsFile
from gateway.routes.health import Live, Ready
from gateway.routes.history import History
from gateway.routes.index import Index
from gateway.routes.metrics import Metrics
from gateway.routes.openapi import OpenApi
from gateway.routes.system import System

_TAG = "Service"


_PAGE_HEADERS = ("Content-Security-Policy", "Referrer-Policy")


def operations() -> list[Operation]:
    """Return the operations."""
    return [*_service(), *_pages()]


def _service() -> list[Operation]:
    readiness = reference("Readiness")
    return [
        Operation(
            "GET",
            "/",
            Index,
            "getIndex",
            _TAG,
            "The name of the service, and links",
            {
                200: Answer(
                    "Links; for a client that prefers `text/html`, the console.",
                    reference("Index"),
                    ("application/json", "text/html"),
                    may_have=_PAGE_HEADERS,
                )
            },
        ),
        Operation(
            "GET",
            "/health/live",
            Live,
            "getLiveness",
            _TAG,
            "Whether the process responds",
            {200: Answer("It does.", reference("Liveness"))},
        ),
        Operation(
            "GET",
            "/health/ready",
            Ready,
            "getReadiness",
            _TAG,
            "Whether a submission would be accepted, and the state of each dependency",
            {
                200: Answer("It would.", readiness),
                503: Answer("It would not.", readiness, headers=("Retry-After",)),
            },
        ),
        Operation(
            "GET",
            "/system",
            System,
            "getSystem",
            _TAG,
            "What is wrong, queues, relays, workers and what they run",
            {200: Answer("The state, a moment old at most.", reference("System"))},
        ),
        Operation(
            "GET",
            "/system/history",
            History,
            "getHistory",
            _TAG,
            "What happened in the last minutes, hours or months",
            {200: Answer("Series of numbers, one for each point.", reference("History"))},
            "The relay stores each minute, for 48 hours, and each hour, for 400 days. A number is "
            "null where no relay ran.",
            parameters=("seconds",),
        ),
        Operation(
            "POST",
            "/dead-letters/redrive",
            Redrive,
            "redriveDeadLetters",
            _TAG,
            "Put messages back that workers have rejected",
            {202: Answer("A relay does it within seconds.", reference("RedriveReceipt"))},
            "How it ended stands in `redrives` of `GET /system`. While an equal request is not "
            "finished, that one's id is returned.",
            body=Body(reference("RedriveRequest"), {"both": {"value": {"lane": None}}}),
            has_effect=True,
        ),
        Operation(
            "GET",
            "/metrics",
            Metrics,
            "getMetrics",
            _TAG,
            "What all processes have counted, for Prometheus",
            {
                200: Answer(
                    "The metrics; while PostgreSQL is down, that it is.", TEXT, ("text/plain",)
                )
            },
        ),
        Operation(
            "GET",
            "/openapi.json",
            OpenApi,
            "getDescription",
            _TAG,
            "This description",
            {
                200: Answer("OpenAPI 3.1.", {"type": "object"}, headers=("ETag",)),
                304: Answer("The client has it already.", headers=("ETag",)),
            },
            parameters=("If-None-Match",),
        ),
    ]


def _pages() -> list[Operation]:
    """Return those of pages for people."""
    return [
        Operation(
            "GET",
            "/console",
            ConsolePage,
            "getConsole",
            _TAG,
            "The console, a page for people",
            {200: Answer("The page.", TEXT, ("text/html",), headers=_PAGE_HEADERS)},
        ),
        Operation(
            "GET",
            "/console/{page}",
            ConsolePage,
            "getConsolePage",
            _TAG,
            "The console, at one of its pages",
            {200: Answer("The page.", TEXT, ("text/html",), headers=_PAGE_HEADERS)},
            parameters=("page",),
        ),
        Operation(
            "GET",
            "/console/files/{digest}/{file}",
            ConsoleFile,
            "getConsoleFile",
            _TAG,
            "A file of the console",
            {
                200: Answer(
                    "The file.",
                    TEXT,
                    ("text/javascript", "text/css", "image/svg+xml"),
                    headers=("ETag",),
                ),
                304: Answer("The client has it already.", headers=("ETag",)),
            },
            parameters=("digest", "file", "If-None-Match"),
            problems=("RouteNotFound",),
        ),
        Operation(
            "GET",
            "/docs",
            Docs,
            "getDocs",
            _TAG,
            "A page that shows this description",
            {
                200: Answer(
                    "The page.",
                    TEXT,
                    ("text/html",),
                    headers=_PAGE_HEADERS,
                )
            },
        ),
        Operation(
            "GET",
            "/docs/{file}",
            DocsFile,
            "getDocsFile",
            _TAG,
            "A file of that page",
            {
                200: Answer(
                    "The file.",
                    TEXT,
                    ("text/javascript", "text/css"),
                    headers=("ETag",),
                ),
                304: Answer("The client has it already.", headers=("ETag",)),
            },
            parameters=("file", "If-None-Match"),
            problems=("RouteNotFound",),
        ),
    ]
