"""Faults in what counts stored results and removes them."""

from functools import partial

from tests.mutants.mutation import mutation

_COUNTS = "integration/retention/test_counting.py"
_REMOVES = "integration/retention/test_removal.py"
_RELAY = "integration/gateway/relay/test_retention.py"
_PRUNE = "integration/cli/test_prune.py"
_FORGOTTEN = "integration/gateway/submission/test_forgotten.py"
_DOWNLOADS = "integration/gateway/routes/test_pruned_downloads.py"

_counting = partial(mutation, "shared/store/retention/counting.py")
_counts = partial(mutation, "shared/retention/counting.py")
_candidates = partial(mutation, "shared/store/retention/candidates.py")
_remove = partial(mutation, "shared/store/retention/removal.py")
_removal = partial(mutation, "shared/retention/removal.py")
_steps = partial(mutation, "shared/retention/steps.py")
_state = partial(mutation, "shared/store/retention/state.py")
_relay = partial(mutation, "gateway/relay/retention.py")
_prune = partial(mutation, "reckoner/cli/operating/prune.py")
_submission = partial(mutation, "gateway/submission/store.py")

_COUNTING = [
    _counting(
        "> now() - make_interval(secs => :grace_seconds / 2), false)",
        "< '-infinity', false)",
        _COUNTS,
    ),
    _counting("application_name LIKE 'reckoner%'", "application_name = 'none'", _COUNTS),
    _counting(
        "SET results = stored.results + excluded.results,",
        "SET results = excluded.results,",
        _COUNTS,
    ),
    _counting(
        "finished_at >= :first AND finished_at < :end",
        "finished_at >= :first AND finished_at <= :end + interval '1 hour'",
        _COUNTS,
    ),
    _counts("        discard_counts(connection)\n", "", _COUNTS),
    _counts("            length.shorten(_AFTER_LIMIT)\n", "            raise\n", _COUNTS),
    _counts("            if length.is_shortest:\n", "            if False:\n", _COUNTS),
    _state("finished_at >= :counted_until AND", "finished_at > now() AND", _COUNTS),
    _state(
        "    if sums.is_whole:\n",
        "    if sums.counted_until is not None:\n",
        "integration/retention/test_counting.py",
    ),
]

_REMOVING = [
    _candidates("least(counted_until, now()", "greatest(counted_until, now()", _REMOVES),
    _candidates(
        "    ORDER BY finished_at, id LIMIT :limit", "    ORDER BY id LIMIT :limit", _REMOVES
    ),
    _candidates('ORDER BY hour""")', 'ORDER BY hour DESC""")', _REMOVES),
    _remove("AND (finished_at < :until) IS TRUE AND", "AND", _REMOVES),
    _remove("ORDER BY id FOR UPDATE SKIP LOCKED", "ORDER BY id FOR UPDATE", _REMOVES),
    _remove(
        "AND attempt = picked.result_attempt", "AND attempt <> picked.result_attempt", _REMOVES
    ),
    _remove(
        "attempts AS (DELETE FROM lost_attempts USING picked WHERE calculation_id = picked.id)",
        "attempts AS (SELECT 1)",
        _REMOVES,
    ),
    _remove(
        "returned AS (DELETE FROM handed_back USING picked WHERE calculation_id = picked.id)",
        "returned AS (SELECT 1)",
        _REMOVES,
    ),
    _remove(
        'condition="NOT EXISTS (SELECT FROM result_chunks WHERE calculation_id = calculations.id)"',
        'condition="true"',
        _REMOVES,
    ),
    _remove("FROM picked WHERE has_result GROUP BY 1", "FROM picked GROUP BY 1", _REMOVES),
    _remove(
        "greatest(0, stored_results.bytes - gone.bytes)",
        "greatest(0, stored_results.bytes - gone.bytes + 1)",
        _REMOVES,
    ),
    _removal(
        "                settle_hour(connection, hour, forget=selection.forget)\n",
        "                pass\n",
        _REMOVES,
    ),
    _removal("            return stopped_at\n", "            return hour\n", _REMOVES),
    _removal("step = oldest(step, excess_bytes - total.bytes)", "pass", _REMOVES),
    _removal(
        "        while deleted and not self._pace.is_stopping():\n",
        "        while False:\n",
        _REMOVES,
    ),
    _steps("chunks + candidate.chunks > STEP_CHUNKS)", "False)", _REMOVES),
    _steps(
        "after = Position(page[-1].finished_at, page[-1].id)",
        "after = Position(slice_end)",
        _REMOVES,
    ),
]

_FOLLOWING = [
    _relay(
        "            is_ours = claim_run(connection, _CLAIM_SECONDS)\n",
        "            is_ours = True\n",
        _RELAY,
    ),
    _relay("        elif fault != self._fault:\n", "        else:\n", _RELAY),
    _relay("            note_fault(connection, None)\n", "            pass\n", _RELAY),
    _relay(
        "measure_storage(connection).bytes - limit",
        "0 * measure_storage(connection).bytes - limit",
        _RELAY,
    ),
    _relay("forget=self._settings.retention_forget", "forget=False", _RELAY),
    _relay(
        "        except Exception as error:\n            self._fail(error)",
        "        except ZeroDivisionError as error:\n            self._fail(error)",
        _RELAY,
    ),
    _prune(
        "        if plan.total.documents and not dry_run:\n",
        "        if plan.total.documents:\n",
        _PRUNE,
    ),
    _prune("        _count(engine, done)\n", "        pass\n", _PRUNE),
    _prune("        is_stopping = True\n", "        pass\n", _PRUNE),
    _submission("        if len(statuses) < len(others):\n", "        if False:\n", _FORGOTTEN),
    _remove("      AND finished_at < (SELECT counted_until FROM retention)\n", "", _REMOVES),
    _prune("until=plan.total.last + _MOMENT", "until=selection.until", _PRUNE),
    _prune("plan.total.bytes if is_part else None", "plan.total.bytes", _PRUNE),
    _relay("min(excess, _MEASURED_BYTES)", "excess", _RELAY),
    _submission(
        "return store_one(connection, new) if row is None else Stored(row, is_accepted=is_queued)",
        "return Stored(row, is_accepted=is_queued)  # type: ignore[arg-type]",
        _FORGOTTEN,
    ),
    _submission(
        "            return _store_computed(connection, new, computed)\n",
        "            pass\n",
        _FORGOTTEN,
    ),
    mutation(
        "gateway/server/protocol.py",
        "        except _GONE as error:\n",
        "        except ZeroDivisionError as error:\n",
        _DOWNLOADS,
    ),
    mutation(
        "gateway/server/protocol.py",
        "            self.transport.close()\n        finally:",
        "            pass\n        finally:",
        _DOWNLOADS,
    ),
]

MUTATIONS = [*_COUNTING, *_REMOVING, *_FOLLOWING]
