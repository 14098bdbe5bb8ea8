"""Faults in the statements (shared/store)."""

from functools import partial

from tests.mutants.mutation import mutation

_BY_KEY = "integration/store/test_plans.py::test_rows_are_found_by_their_ids"
_CANCELS = "integration/store/test_cancels.py"
_CHUNKS = "integration/store/test_chunks.py"
_FENCING = "integration/workers/heavy/test_fencing.py"
_FENCED = f"{_FENCING}::test_a_zombie_writes_nothing_once_its_calculation_is_reclaimed"
_HELD = "integration/store/test_leases.py"
_LOST = "integration/store/test_expired_leases.py"
_LIST = "integration/gateway/routes/test_list.py"
_OTHERS = f"{_FENCING}::test_another_worker_writes_nothing_under_a_claim"
_OUTBOX = "integration/gateway/relay/test_outbox.py"
_NEW_ONES = "integration/store/test_new_calculations.py"
_QUICK_ONES = "integration/store/test_quick.py"
_TELLS = "integration/store/test_notifications.py"
_WHOLE = "integration/store/test_system.py"

_HIS = "WHERE id = :id AND attempt = :attempt"
_ANYBODYS = "WHERE id = :id"
_ENDING = """worker_id = NULL, lease_until = NULL, cancel_requested = false,
        finished_at = now(), error = CAST(:error AS jsonb)
    """

_lease = partial(mutation, "shared/store/leases.py")
_attempt = partial(mutation, "shared/store/attempts.py")
_calculation = partial(mutation, "shared/store/calculations.py")
_new = partial(mutation, "shared/store/new_calculations.py")
_outbox = partial(mutation, "shared/store/outbox.py")
_quick = partial(mutation, "shared/store/quick.py")
_chunk = partial(mutation, "shared/store/chunks.py")
_list = partial(mutation, "shared/store/listing.py")
_notification = partial(mutation, "shared/store/notifications.py")
_system = partial(mutation, "shared/store/system.py")
_present = partial(mutation, "shared/store/presence.py")

_CLAIMS = [
    _lease("AND (status = 'queued') IS TRUE AND lane", "AND lane", _HELD),
    _lease("IS TRUE AND lane = 'heavy'", "IS TRUE", _HELD),
    _lease("attempt = attempt + 1, worker_id", "attempt = attempt, worker_id", _HELD),
    _lease("secs => :lease_seconds), progress = 0", "secs => 60), progress = 0", _HELD),
    _lease("AND calculations.attempt = renewal.attempt", "", _FENCED),
    _lease(
        "AND status = 'running' AND worker_id = :worker_id\n    RETURNING calculations.id, cancel",
        "AND status = 'running'\n    RETURNING calculations.id, cancel",
        _OTHERS,
    ),
    _lease(
        "SET lease_until = now() + make_interval(secs => :lease_seconds),\n        progress",
        "SET progress",
        _HELD,
    ),
    _lease("greatest(calculations.progress, renewal.progress)", "renewal.progress", _HELD),
    _attempt(
        f"attempt_base = attempt_base + 1\n    {_HIS}",
        f"attempt_base = attempt_base + 1\n    {_ANYBODYS}",
        _FENCED,
    ),
    _attempt(f"_AFTER_BACKOFF}}\n    {_HIS}", f"_AFTER_BACKOFF}}\n    {_ANYBODYS}", _FENCED),
    _attempt(f"THEN attempt END\n    {_HIS}", f"THEN attempt END\n    {_ANYBODYS}", _FENCED),
    _attempt(
        f"status = 'failed', {_ENDING}{_HIS}", f"status = 'failed', {_ENDING}{_ANYBODYS}", _FENCED
    ),
    _attempt(
        f"status = 'cancelled', {_ENDING}{_HIS}",
        f"status = 'cancelled', {_ENDING}{_ANYBODYS}",
        _FENCED,
    ),
    _attempt("attempt_base = attempt_base + 1", "attempt_base = attempt", _HELD),
    _attempt("CAST(:value AS text) IS NULL THEN attempt END", "true THEN attempt END", _HELD),
    _attempt("'$[last - 18 to last]'", "'$[last - 19 to last]'", _HELD),
]

_LOST_LEASES = [
    _attempt("AND lease_until < now()", "", _LOST),
    _attempt("power(2, attempt - attempt_base - 1)", "power(2, attempt - attempt_base)", _LOST),
    _attempt("power(2, attempt - attempt_base - 1)", "power(2, attempt - 1)", _LOST),
    _attempt("least(60, ", "least(600, ", _LOST),
    _attempt("attempt - attempt_base >= :max", "attempt - attempt_base > :max", _LOST),
    _attempt("attempt - attempt_base >= :max", "attempt >= :max", _LOST),
    _attempt("CASE WHEN cancel_requested THEN 'cancelled'\n", "CASE\n", _LOST),
    _attempt(
        "cancel_requested = false, published_at = NULL,\n        {_A",
        "cancel_requested = false,\n        {_A",
        _LOST,
    ),
    _attempt("ORDER BY lease_until LIMIT", "ORDER BY lease_until DESC LIMIT", _LOST),
    _attempt("FOR UPDATE SKIP LOCKED) AS verdict", "FOR UPDATE) AS verdict", _LOST),
]

_CANCELLED = [
    _calculation("cancel_requested = (status = 'running')", "cancel_requested = false", _CANCELS),
    _calculation("status IN ('queued', 'running')", "status <> 'succeeded'", _CANCELS),
    _calculation("    connection.execute(_SHORT_LOCK_TIMEOUT)\n", "", _CANCELS),
    _calculation("(status = 'running') IS TRUE\n", "(status = 'queued') IS TRUE\n", _CANCELS),
    _calculation("\n                   AND cancel_requested\n", "\n", _CANCELS),
    _calculation("SET cancel_requested = false\n", "SET progress = 0\n", _CANCELS),
    _calculation("published_at = NULL, started_at", "started_at", _CANCELS),
    _calculation("lane = new.lane, ", "", _CANCELS),
    _calculation("attempt_base = attempt,", "attempt_base = attempt_base,", _CANCELS),
    _calculation("not_before = now(), published_at", "published_at", _CANCELS),
    _calculation("('failed', 'cancelled')", "('failed', 'cancelled', 'queued')", _CANCELS),
]

_NEW = [
    _new('ON CONFLICT (id) DO NOTHING\n    RETURNING id"', 'RETURNING id"', _NEW_ONES),
    _new("ON CONFLICT (id) DO NOTHING\n        RETURNING id, c", "RETURNING id, c", _NEW_ONES),
    _new(
        "bytes bigint)\n    WHERE NOT EXISTS (SELECT",
        "bytes bigint)\n    WHERE EXISTS (SELECT 1 UNION SELECT 2",
        _NEW_ONES,
    ),
    _new(
        "moment (done_at)\n        WHERE NOT EXISTS (SELECT",
        "moment (done_at)\n        WHERE EXISTS (SELECT 1 UNION SELECT 2",
        _NEW_ONES,
    ),
    _new(
        "key=lambda calculation: calculation.id)",
        "key=lambda calculation: calculation.arguments['n'])",
        _NEW_ONES,
    ),
    _new("for identity in sorted(by_id)]", "for identity in by_id]", _NEW_ONES),
    _new("CASE WHEN $2 AND status = 'queued'", "CASE WHEN $2", _TELLS),
    _new("CASE WHEN $2 AND status = 'queued'", "CASE WHEN status = 'queued'", _TELLS),
    _new(
        "CASE WHEN is_done AND value IS NULL THEN 1 END", "CASE WHEN is_done THEN 1 END", _NEW_ONES
    ),
]

_TAKEN = [
    _outbox("AND not_before <= now()\n", "\n", _OUTBOX),
    _outbox("        ORDER BY not_before\n        LIMIT", "        LIMIT", _OUTBOX),
    _outbox("FROM taken ORDER BY not_before", "FROM taken ORDER BY id", _OUTBOX),
    _outbox("AND lane = $1 AND", "AND", _OUTBOX),
    _outbox("AND published_at IS NULL AND lane = $1", "AND lane = $1", _OUTBOX),
    _outbox("FOR UPDATE SKIP LOCKED),\n    taken", "FOR UPDATE),\n    taken", _OUTBOX),
    _outbox(
        "SET LOCAL synchronous_commit",
        "SET synchronous_commit",
        "integration/postgres/test_durability.py",
    ),
    _outbox(
        "            _roll_back(connection)\n        raise",
        "            connection.exec_driver_sql('COMMIT')\n        raise",
        _OUTBOX,
    ),
    _outbox(
        "UPDATE calculations SET published_at = NULL\n    WHERE id = ANY",
        "UPDATE calculations SET progress = 0\n    WHERE id = ANY",
        _OUTBOX,
    ),
    _outbox("AND published_at IS NULL AND lane = lanes.lane", "AND published_at IS NULL", _OUTBOX),
    _outbox(
        "lane = lanes.lane\n                  ORDER BY not_before LIMIT 1",
        "lane = lanes.lane\n                  LIMIT 1",
        _OUTBOX,
    ),
    _outbox("ORDER BY published_at LIMIT 1", "ORDER BY published_at DESC LIMIT 1", _OUTBOX),
    _outbox("published_at IS NOT NULL AND lane = :lane", "published_at IS NOT NULL", _OUTBOX),
    _outbox("FROM workers WHERE lane = :lane", "FROM workers", _OUTBOX),
    _outbox("max(consumed_published_at)", "min(consumed_published_at)", _OUTBOX),
    _outbox("- make_interval(secs => :older_than_seconds)", "", _OUTBOX),
    _outbox("SET published_at = NULL, not_before = now()", "SET published_at = NULL", _OUTBOX),
    _outbox("CASE WHEN NOT :queue_is_empty THEN", "CASE WHEN false THEN", _OUTBOX),
    _outbox(
        "WHERE status = 'queued' AND lane = :lane\n          AND",
        "WHERE status = 'queued'\n          AND",
        _OUTBOX,
    ),
]

_QUICK = [
    _quick(
        "WHERE calculations.id = done.id AND (status = 'queued') IS TRUE",
        "WHERE calculations.id = done.id AND status <> 'running'",
        _QUICK_ONES,
    ),
    _quick(
        "WHERE calculations.id = done.id AND (status = 'queued') IS TRUE",
        "WHERE calculations.id = done.id AND status = 'queued'",
        _BY_KEY,
    ),
    _quick("failed.id AND (status = 'queued') IS TRUE", "failed.id", _QUICK_ONES),
    _quick("THEN calculations.attempt + 1 END", "THEN 1 END", _QUICK_ONES),
    _quick("IS TRUE AND lane = 'quick'", "IS TRUE", _QUICK_ONES),
    _quick("lane = 'heavy', published_at = NULL, not", "lane = 'heavy', not", _QUICK_ONES),
    _quick("max(published_at) AS published_at", "min(published_at) AS published_at", _QUICK_ONES),
    _quick("enumerate(result.chunks())", "enumerate(result.chunks(), 1)", _QUICK_ONES),
    _quick("        JOIN written USING (id)", "        JOIN calculations USING (id)", _QUICK_ONES),
]

_RESULTS = [
    _chunk("AND ordinal BETWEEN :first AND :last)", ")", _CHUNKS),
    _chunk("AND ordinal BETWEEN :first AND :last)", "AND ordinal >= :first)", _CHUNKS),
    _chunk(
        "WHERE id = :id AND attempt = :attempt AND status = 'running'",
        "WHERE id = :id AND status = 'running'",
        _FENCED,
    ),
    _chunk("    if is_held:\n", "    if True:\n", _CHUNKS),
    _chunk("status = 'running' AND worker_id = :worker_id)", "status = 'running')", _OTHERS),
    _chunk(
        "calculation_id = :id AND attempt = :attempt AND ordinal = :ordinal",
        "calculation_id = :id AND ordinal = :ordinal LIMIT 1",
        "integration/gateway/routes/test_downloads.py::test_a_result_of_any_length_is_served_whole_and_in_ranges",
    ),
    _chunk(
        "AND status = 'succeeded' AND result_pruned_at IS NULL", "AND status = 'succeeded'", _CHUNKS
    ),
    _chunk("WHERE calculation_id IN (SELECT id FROM pruned)", "WHERE true", _CHUNKS),
    _chunk("enumerate(result.chunks())", "enumerate(result.chunks(), 1)", _CHUNKS),
]

_LISTED = [
    _list(
        "(created_at, id) < (:before_created_at, :before_id)",
        "created_at < :before_created_at",
        _LIST,
    ),
    _list(
        "(created_at, id) < (:before_created_at, :before_id)",
        "(created_at, id) <= (:before_created_at, :before_id)",
        _LIST,
    ),
    _list(
        "ORDER BY page.created_at DESC, page.id DESC LIMIT",
        "ORDER BY page.created_at DESC LIMIT",
        _LIST,
    ),
    _list(
        "        ORDER BY created_at DESC, id DESC LIMIT :limit) AS page",
        "        ORDER BY created_at, id LIMIT :limit) AS page",
        _LIST,
    ),
    _list(
        "WHERE calculations.function > stored.function ORDER BY 1 LIMIT 1",
        "WHERE calculations.function > stored.function LIMIT 1",
        _LIST,
    ),
    _list(
        "    WHERE {of_function} AND status <> 'succeeded'",
        "    WHERE status <> 'succeeded'",
        _LIST,
    ),
    _list("    WHERE {of_function}\n    ORDER BY page", "    ORDER BY page", _LIST),
    _list("status is None or status is Status.SUCCEEDED", "status is not Status.SUCCEEDED", _LIST),
    _list("        conditions.append(f\"status = '{status.value}'\")\n", "        pass\n", _LIST),
    _list("    connection.execute(_TIME_LIMIT)\n", "", _LIST),
]

_PREPARED = [
    mutation(
        "shared/postgres/prepared.py",
        "            self._names.clear()\n",
        "",
        "unit/shared/postgres/test_prepared.py",
    ),
    mutation(
        "shared/postgres/prepared.py",
        "            self._kept_until = now + _KEPT_SECONDS\n",
        "",
        "unit/shared/postgres/test_prepared.py",
    ),
    _present("DO UPDATE\n    SET seen_at = now(), quick", "DO UPDATE\n    SET quick", _WHOLE),
    _present("quick_problem = excluded.quick_problem,\n", "\n", _WHOLE),
    _present("FROM relays ORDER BY silent_seconds", "FROM relays", _WHOLE),
]

_TOLD = [
    _notification(
        "for start in range(0, len(names), IDS_PER_PAYLOAD)",
        "for start in range(0, len(names) - 1, IDS_PER_PAYLOAD)",
        _TELLS,
    ),
    _notification(
        '{"channel": CHANGED, "payload": ""}', '{"channel": OUTBOX, "payload": ""}', _TELLS
    ),
    _notification("or set(Lane)", "", _TELLS),
    _quick("(row_number() OVER () - 1)", "row_number() OVER ()", _TELLS),
    _quick("pg_notify('{CHANGED}', string_agg", "concat('{CHANGED}', string_agg", _TELLS),
    _system("WHERE finished_at > now() - interval '1 minute' AND", "WHERE", _WHOLE),
    _system("AND published_at IS NULL AND not_before <= now()", "AND published_at IS NULL", _WHOLE),
    _system("estimate_seconds * (1 - progress)", "estimate_seconds", _WHOLE),
    _present("DELETE FROM workers WHERE seen_at <", "DELETE FROM workers WHERE seen_at >", _WHOLE),
    _present("SET seen_at = now(), consumed", "SET consumed", _WHOLE),
    _present(
        "consumed_published_at = excluded.consumed_published_at",
        "consumed_published_at = workers.consumed_published_at",
        f"{_OUTBOX}::test_workers_of_both_lanes_report_their_watermark",
    ),
]

MUTATIONS = [
    *_CLAIMS,
    *_LOST_LEASES,
    *_CANCELLED,
    *_NEW,
    *_TAKEN,
    *_QUICK,
    *_RESULTS,
    *_LISTED,
    *_PREPARED,
    *_TOLD,
]
