"""Faults in the statements on leases, attempts, chunks and workers (shared/store)."""

from functools import partial

from tests.mutants.mutation import mutation

_CHUNKS = "integration/store/results/test_chunks.py"
_KINDS = "integration/store/test_kinds.py"
_FENCING = "integration/workers/heavy/test_fencing.py"
_FENCED = f"{_FENCING}::test_a_zombie_writes_nothing_once_its_calculation_is_reclaimed"
_HELD = "integration/store/test_leases.py"
_LOST = "integration/store/test_expired_leases.py"
_OTHERS = f"{_FENCING}::test_another_worker_writes_nothing_under_a_claim"
_OUTBOX = "integration/gateway/relay/test_outbox.py"
_WHOLE = "integration/store/totals/test_system.py"
_HIS = "WHERE id = :id AND attempt = :attempt"
_ANYBODYS = "WHERE id = :id"
_ENDING = """worker_id = NULL, lease_until = NULL, cancel_requested = false,
        finished_at = now(), error = CAST(:error AS jsonb)
    """
_lease = partial(mutation, "shared/store/leases.py")
_attempt = partial(mutation, "shared/store/attempts.py")
_chunk = partial(mutation, "shared/store/results/chunks.py")
_copy = partial(mutation, "shared/store/results/chunk_copies.py")
_present = partial(mutation, "shared/store/presence.py")

MUTATIONS = [
    _lease("AND (status = 'queued') IS TRUE AND lane", "AND lane", _HELD),
    _lease("IS TRUE AND lane = 'heavy'", "IS TRUE", _HELD),
    _lease("attempt = attempt + 1, worker_id", "attempt = attempt, worker_id", _HELD),
    _lease("secs => $3), progress = 0", "secs => 60), progress = 0", _HELD),
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
    _attempt(
        "THEN attempt END\n    WHERE id = $1 AND attempt = $2",
        "THEN attempt END\n    WHERE id = $1 AND $2 IS NOT NULL",
        _FENCED,
    ),
    _attempt(
        f"status = 'failed', {_ENDING}{_HIS}", f"status = 'failed', {_ENDING}{_ANYBODYS}", _FENCED
    ),
    _attempt(
        f"status = 'cancelled', {_ENDING}{_HIS}",
        f"status = 'cancelled', {_ENDING}{_ANYBODYS}",
        _FENCED,
    ),
    _attempt("attempt_base = attempt_base + 1", "attempt_base = attempt", _HELD),
    _attempt("NOT $15 THEN attempt END", "true THEN attempt END", _HELD),
    _attempt("'$[last - 18 to last]'", "'$[last - 19 to last]'", _HELD),
    _attempt("AND lease_until < now()", "", _LOST),
    _attempt("power(2, attempt - attempt_base - 1)", "power(2, attempt - attempt_base)", _LOST),
    _attempt("power(2, attempt - attempt_base - 1)", "power(2, attempt - 1)", _LOST),
    _attempt("least(60, ", "least(600, ", _LOST),
    _attempt("attempt - attempt_base >= :max", "attempt - attempt_base > :max", _LOST),
    _attempt("attempt - attempt_base >= :max", "attempt >= :max", _LOST),
    _attempt("CASE WHEN cancel_requested THEN 'cancelled'\n", "CASE\n", _LOST),
    _attempt(
        "published_at = CASE WHEN verdict.status <> 'queued' THEN published_at END,\n",
        "",
        _LOST,
    ),
    _attempt("ORDER BY lease_until LIMIT", "ORDER BY lease_until DESC LIMIT", _LOST),
    _attempt("FOR UPDATE SKIP LOCKED) AS verdict", "FOR UPDATE) AS verdict", _LOST),
    _chunk("AND ordinal BETWEEN :first AND :last)", ")", _CHUNKS),
    _chunk("AND ordinal BETWEEN :first AND :last)", "AND ordinal >= :first)", _CHUNKS),
    _chunk(
        "WHERE id = :id AND attempt = :attempt AND status = 'running'",
        "WHERE id = :id AND status = 'running'",
        _FENCED,
    ),
    _chunk("    if is_held:\n", "    if True:\n", _CHUNKS),
    _chunk("status = 'running' AND worker_id = :worker_id)", "status = 'running')", _OTHERS),
    _copy(
        "AND attempt = {attempt:d} AND ordinal = {ordinal:d}",
        "AND ordinal = {ordinal:d} LIMIT 1",
        "integration/gateway/routes/test_downloads.py::test_a_result_of_any_length_is_served_whole_and_in_ranges",
    ),
    _copy("enumerate(chunks, first_ordinal)", "enumerate(chunks, first_ordinal + 1)", _CHUNKS),
    _copy(
        "connection.invalidate(error)",
        "pass",
        f"{_KINDS}::test_a_chunk_is_found_after_the_connection_broke",
    ),
    _copy('"digits" if kind is ResultKind.DIGITS else "data"', '"digits"', _KINDS),
    _present("DO UPDATE\n    SET seen_at = now(), quick", "DO UPDATE\n    SET quick", _WHOLE),
    _present("quick_problem = excluded.quick_problem,\n", "\n", _WHOLE),
    _present("FROM relays ORDER BY silent_seconds", "FROM relays", _WHOLE),
    _present("DELETE FROM workers WHERE seen_at <", "DELETE FROM workers WHERE seen_at >", _WHOLE),
    _present("SET seen_at = now(), consumed", "SET consumed", _WHOLE),
    _present(
        "consumed_published_at = excluded.consumed_published_at",
        "consumed_published_at = workers.consumed_published_at",
        f"{_OUTBOX}::test_workers_of_both_lanes_report_their_watermark",
    ),
]
