"""Every metric of Reckoner, once. docs/reference/metrics.md has the same in a tested table.

A HELP text says what a number means, and what to do about it. Counters lose what was counted in the
last seconds before a process is killed; they never fall.
"""

from shared.metrics.metric import Kind, Metric, Source

_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0, 1_800.0, 7_200.0)
_REQUEST_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_BYTES = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(Kind.COUNTER, name, text, labels)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(Kind.HISTOGRAM, name, text, labels, buckets)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(Kind.GAUGE, name, text, labels)


def _state(name: str, text: str, *labels: str) -> Metric:
    return Metric(Kind.GAUGE, name, text, labels, source=Source.DATABASE)


# What happens to calculations.

ACCEPTED = _counter(
    "reckoner_calculations_accepted_total",
    "Calculations accepted as new work: new ones, and failed, cancelled or pruned ones that were "
    "submitted again. Where it grows faster than finished, the queue grows: add workers.",
    "function",
    "lane",
)
PUBLISHED = _counter(
    "reckoner_calculations_published_total",
    "Calculations sent to RabbitMQ and confirmed by it; one that is sent again counts again. If it "
    "stands still while the outbox is not empty, look at the relay's log.",
    "function",
    "lane",
)
FINISHED = _counter(
    "reckoner_calculations_finished_total",
    "Calculations that ended, by status: succeeded, failed or cancelled; also those that a gateway "
    "computed in their request. If many fail, see `reckoner list --status failed`.",
    "function",
    "lane",
    "status",
)
COMPUTE_SECONDS = _histogram(
    "reckoner_compute_seconds",
    "Seconds that successful calculations computed. If those of a function grow, see what its "
    "arguments have become, or whether its machine is too busy.",
    _SECONDS,
    "function",
    "lane",
)
WAITING_SECONDS = _histogram(
    "reckoner_waiting_seconds",
    "Seconds from when a calculation was accepted, or was due again, until a worker started it. If "
    "they grow, add workers to the lane.",
    _SECONDS,
    "lane",
)
RESULT_BYTES = _histogram(
    "reckoner_result_bytes",
    "Bytes of the results that were stored. They fill the disk: see RECKONER_RETENTION_BYTES.",
    _BYTES,
    "function",
)

# What goes wrong, and is put right.

ATTEMPTS_ENDED = _counter(
    "reckoner_attempts_ended_total",
    "Attempts of heavy workers that ended, by outcome as the history of a calculation names it, "
    "such as succeeded, lost, released, killed, crashed or out-of-memory. Failures have their "
    "type as outcome. Many killed or out-of-memory: give workers more memory or fewer slots.",
    "outcome",
)
LEASES_EXPIRED = _counter(
    "reckoner_leases_expired_total",
    "Leases that ran out because their worker died or lost PostgreSQL; the calculation is tried "
    "again. If it grows, find out why workers end.",
)
MESSAGES_RESCUED = _counter(
    "reckoner_messages_rescued_total",
    "Calculations whose message was lost, and that were published again. It stays 0 unless "
    "RabbitMQ lost a queue or its disk.",
    "lane",
)
LATE_WRITES_REFUSED = _counter(
    "reckoner_late_writes_refused_total",
    "Results that came too late and were not stored: another attempt, a cancel or another delivery "
    "of the same message was first. Nothing is wrong with data; if it grows, workers stall.",
    "lane",
)
CHILD_STARTS = _counter(
    "reckoner_child_starts_total",
    "Processes that heavy workers took for calculations.",
)
CHILD_ENDS = _counter(
    "reckoner_child_ends_total",
    "How the processes of heavy calculations ended: finished, failed, stopped, time-limit, "
    "memory-limit, killed, crashed, out-of-memory, not-started or another type of failure.",
    "reason",
)
DEAD_LETTERS = Metric(
    Kind.GAUGE,
    "reckoner_dead_letters",
    "Messages that workers refused and RabbitMQ keeps. Find out why in the workers' log, then run "
    "`reckoner redrive`.",
    ("lane",),
    source=Source.LARGEST,
)

# What the gateway does.

REQUEST_SECONDS = _histogram(
    "reckoner_http_request_seconds",
    "Seconds from a request's headers until its response could be sent, by route and status. "
    "Waiting by `Prefer: wait` counts, sending a long body does not. What NGINX answers itself is "
    "missing.",
    _REQUEST_SECONDS,
    "method",
    "route",
    "status",
)
REQUESTS_REFUSED = _counter(
    "reckoner_requests_refused_total",
    "Requests answered by a problem document, by its type. Many queue-full: add workers or "
    "raise the limit; rate-exceeded: raise the key's rate; unavailable: see PostgreSQL.",
    "problem",
)
WAITERS = _gauge(
    "reckoner_waiters",
    "Requests that wait for a calculation to finish or to change, event streams included.",
)
EVENT_STREAMS = _gauge(
    "reckoner_event_streams",
    "Event streams that are open.",
)
CONNECTIONS_IN_USE = _gauge(
    "reckoner_database_connections_in_use",
    "Connections to PostgreSQL that gateways use at this moment.",
)
REQUESTS_WAITING = _gauge(
    "reckoner_database_requests_waiting",
    "Requests that wait for a connection to PostgreSQL. If it is seldom 0, raise "
    "RECKONER_GATEWAY_DATABASE_CONNECTIONS or add processors to PostgreSQL.",
)
BUSY_SLOTS = _gauge(
    "reckoner_busy_slots",
    "Slots of workers that compute at this moment. Where it equals reckoner_slots for long, the "
    "lane is at its limit.",
    "lane",
)

# Retention.

RESULTS_PRUNED = _counter(
    "reckoner_results_pruned_total",
    "Results whose bytes were removed by retention or `reckoner prune`.",
)
RESULT_BYTES_PRUNED = _counter(
    "reckoner_result_bytes_pruned_total",
    "Bytes of results that were removed. Space becomes free for new rows at the next vacuum.",
)
DOCUMENTS_FORGOTTEN = _counter(
    "reckoner_documents_forgotten_total",
    "Calculations that were removed completely by retention or `reckoner prune --forget`.",
)
STORED_RESULTS = _state(
    "reckoner_stored_results",
    "Results that are stored.",
)
STORED_RESULT_BYTES = _state(
    "reckoner_stored_result_bytes",
    "Bytes of the stored results, without what PostgreSQL adds. If they near "
    "reckoner_retention_limit_bytes, old ones are removed soon.",
)
RETENTION_LIMIT_BYTES = _state(
    "reckoner_retention_limit_bytes",
    "RECKONER_RETENTION_BYTES of the gateway that answers; 0: no limit, so watch the disk.",
)
RETENTION_LAST_RUN = _state(
    "reckoner_retention_last_run_timestamp_seconds",
    "When retention ran last, in seconds since 1970; 0: never. If it is old while a limit is set, "
    "look at the relay's log.",
)
RETENTION_FAULT = _state(
    "reckoner_retention_fault",
    "1 if retention's last run failed; the relay's log and the table retention say why.",
)

# What waits, and who works.

QUEUE_DEPTH = _state(
    "reckoner_queue_depth",
    "Unfinished calculations: queued (not sent yet), published (in RabbitMQ) and running. If "
    "queued and published grow for long, add workers to the lane.",
    "lane",
    "state",
)
QUEUE_OLDEST_SECONDS = _state(
    "reckoner_queue_oldest_seconds",
    "Age of the calculation that has waited longest; 0 if none waits.",
    "lane",
)
OUTBOX_DEPTH = _state(
    "reckoner_outbox_depth",
    "Calculations that a relay could publish now and has not.",
)
OUTBOX_AGE = _state(
    "reckoner_outbox_age_seconds",
    "For how long the first of them could have been published. More than some seconds: no relay "
    "runs, or RabbitMQ takes nothing; see the relay's log.",
)
WORKERS = _state(
    "reckoner_workers",
    "Workers that are alive. 0: nothing is computed in the lane; start one.",
    "lane",
)
SLOTS = _state(
    "reckoner_slots",
    "How many calculations the workers of a lane can compute at once.",
    "lane",
)
RELAYS = _state(
    "reckoner_relays",
    "Relays that are alive. 0: nothing is published; start one.",
)
RELAY_PROBLEMS = _state(
    "reckoner_relay_problems",
    "Relays that cannot publish to the lane. GET /system and the relay's log say why.",
    "lane",
)
PROCESSES = _state(
    "reckoner_processes",
    "Processes that write metrics and are alive, by kind: gateway, relay, quick or heavy.",
    "kind",
)
QUEUED_SECONDS = _state(
    "reckoner_queued_seconds",
    "Estimated seconds of all that is queued, as admission counts it.",
)
QUEUED_SECONDS_LIMIT = _state(
    "reckoner_queued_seconds_limit",
    "How many may be queued before submissions are refused as queue-full; 0: no limit.",
)
QUEUED_BYTES = _state(
    "reckoner_queued_bytes",
    "Estimated bytes of the results of all that is queued, as admission counts them.",
)
QUEUED_BYTES_LIMIT = _state(
    "reckoner_queued_bytes_limit",
    "How many may be queued before submissions are refused as queue-full; 0: no limit.",
)

# Reckoner itself.

DATABASE_SIZE = _state(
    "reckoner_database_size_bytes",
    "Size of the database on PostgreSQL's disk. Compare it with the disk.",
)
DATABASE_UP = _state(
    "reckoner_database_up",
    "1 if PostgreSQL answered this scrape. 0: most other metrics are missing from it; see "
    "PostgreSQL.",
)
BUILD_INFO = _state(
    "reckoner_build_info",
    "1, for the version of the gateway that answers, its Python, and the schema that it knows.",
    "version",
    "python",
    "schema",
)

ALL: tuple[Metric, ...] = tuple(one for one in globals().values() if isinstance(one, Metric))

BY_NAME = {metric.name: metric for metric in ALL}
