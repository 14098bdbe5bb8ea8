"""Faults in the statements on calculations, the outbox and the rest (shared/store)."""

from functools import partial

from tests.mutants.mutation import mutation

_BY_KEY = "integration/store/test_plans.py::test_rows_are_found_by_their_ids"
_CANCELS = "integration/store/test_cancels.py"
_OUTBOX = "integration/gateway/relay/test_outbox.py"
_NEW_ONES = "integration/store/test_new_calculations.py"
_QUICK_ONES = "integration/store/test_quick.py"
_TELLS = "integration/store/test_notifications.py"
_WHOLE = "integration/store/totals/test_system.py"
_calculation = partial(mutation, "shared/store/calculations.py")
_new = partial(mutation, "shared/store/new_calculations.py")
_outbox = partial(mutation, "shared/store/outbox/outbox.py")
_quick = partial(mutation, "shared/store/quick.py")
_notification = partial(mutation, "shared/store/notifications.py")
_system = partial(mutation, "shared/store/totals/system.py")

MUTATIONS = [
    _calculation("cancel_requested = (status = 'running')", "cancel_requested = false", _CANCELS),
    _calculation(
        "WHERE id = :id AND status IN ('queued', 'running')",
        "WHERE id = :id AND status <> 'succeeded'",
        _CANCELS,
    ),
    _calculation("    connection.execute(_SHORT_LOCK_TIMEOUT)\n", "", _CANCELS),
    _calculation("(status = 'running') IS TRUE\n", "(status = 'queued') IS TRUE\n", _CANCELS),
    _calculation("\n                   AND cancel_requested\n", "\n", _CANCELS),
    _calculation("SET cancel_requested = false,", "SET progress = 0,", _CANCELS),
    _calculation("published_at = NULL, started_at", "started_at", _CANCELS),
    _calculation("lane = new.lane, ", "", _CANCELS),
    _calculation("attempt_base = attempt,", "attempt_base = attempt_base,", _CANCELS),
    _calculation("not_before = now(), published_at", "published_at", _CANCELS),
    _calculation("('failed', 'cancelled')", "('failed', 'cancelled', 'queued')", _CANCELS),
    _new('ON CONFLICT (id) DO NOTHING\n    RETURNING id"', 'RETURNING id"', _NEW_ONES),
    _new("ON CONFLICT (id) DO NOTHING\n        RETURNING id, c", "RETURNING id, c", _NEW_ONES),
    _new(
        "delay double precision)\n    WHERE NOT EXISTS (SELECT",
        "delay double precision)\n    WHERE EXISTS (SELECT 1 UNION SELECT 2",
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
        "CASE WHEN is_done AND value IS NULL AND data IS NULL THEN 1 END",
        "CASE WHEN is_done THEN 1 END",
        _NEW_ONES,
    ),
    _outbox("AND not_before <= now()\n", "\n", _OUTBOX),
    _outbox("        ORDER BY not_before\n        LIMIT", "        LIMIT", _OUTBOX),
    _outbox("FROM taken ORDER BY not_before", "FROM taken ORDER BY id", _OUTBOX),
    _outbox("AND lane = 'quick' AND not", "AND not", _OUTBOX),
    _outbox("AND published_at IS NULL AND lane = 'quick'", "AND lane = 'quick'", _OUTBOX),
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
    _system("lane = 'quick'\n          AND not_before <= now()),", "lane = 'quick'),", _WHOLE),
    _system("sum(estimate_seconds * (1 - progress))", "sum(estimate_seconds)", _WHOLE),
]
