"""Faults in the heavy lane but its actor: leases, attempts and what they write, retries, chunks."""

from functools import partial

from tests.mutants.mutation import mutation

_CHUNK_WRITER = "unit/workers/heavy/test_chunks.py"
_HEARTBEAT = "integration/workers/heavy/test_heartbeat.py"
_LEASE = "unit/workers/heavy/test_lease.py"
_NOTIFIED = "integration/workers/heavy/test_notifications.py"
_RESULTS = "integration/workers/heavy/test_results.py"
_RETRIES = "unit/workers/heavy/test_retry_policy.py"
_UNTRUSTED = "integration/workers/heavy/test_untrusted_child.py"

_LOST_LEASES = "integration/workers/heavy/test_leases.py"

_BRIEFLY = f"{_LOST_LEASES}::test_a_stopped_worker_tries_only_briefly_to_hand_a_claim_back"
_NO_CHILD = f"{_LOST_LEASES}::test_a_stopped_worker_that_can_start_no_child_hands_its_claim_back"
_WHOLE = f"{_RESULTS}::test_a_result_is_stored_whole_and_once"

_arriving = partial(mutation, "workers/heavy/arriving_bytes.py")
_attempt = partial(mutation, "workers/heavy/attempt.py")
_chunks = partial(mutation, "workers/heavy/chunks.py")
_computation = partial(mutation, "workers/heavy/computation.py")
_lease = partial(mutation, "workers/heavy/lease.py")
_retries = partial(mutation, "workers/heavy/retry_policy.py")
_writes = partial(mutation, "workers/heavy/claimed_writes.py")

_LEASES = [
    _lease(
        'clock."""\n        self._valid_until = valid_until',
        'clock."""\n        del valid_until',
        f"{_HEARTBEAT}::test_a_run_several_times_longer_than_its_lease_succeeds_on_its_first_attempt",
    ),
    _lease("self._end is None and time.monotonic() > self._valid_until", "False", _LEASE),
    _lease("Lease(claim, requested_at + ", "Lease(claim, time.monotonic() + ", _LEASE),
    _lease("        if ended:\n            callback()\n", "", _LEASE),
    _lease(
        "            if self._end is not None:\n                return\n            self._end",
        "            self._end",
        _LEASE,
    ),
    _lease("        if stopping:\n", "        if False:\n", _LEASE),
    _lease("self._held.discard(lease)", "pass", _LEASE),
    _lease("if identity not in still_held:", "if False:", _HEARTBEAT),
    _lease("            if still_held[identity]:\n", "            if False:\n", _HEARTBEAT),
    _lease("            notify_changed(connection, moved)\n", "", _HEARTBEAT),
    _lease(
        "lease.notified_progress, lease.notified_at = moved[identity], requested_at",
        "pass",
        _HEARTBEAT,
    ),
    _lease(
        "if renewal.progress - lease.notified_progress >= _NOTIFY_PROGRESS\n",
        "if True\n",
        _HEARTBEAT,
    ),
    _lease("lease.claim.attempt, lease.progress)", "lease.claim.attempt, 0.0)", _HEARTBEAT),
]

_ATTEMPTS = [
    _attempt(
        "                self._lease.check()  # a child", "                # a child", _NO_CHILD
    ),
    _arriving(
        "(result.length, result.sha256) != (summary.length, summary.sha256)",
        "result.length != summary.length",
        _UNTRUSTED,
    ),
    _arriving(
        "(result.length, result.sha256) != (summary.length, summary.sha256)",
        "result.sha256 != summary.sha256",
        _UNTRUSTED,
    ),
    _arriving("is_valid = result.length > 0\n", "is_valid = True\n", _UNTRUSTED),
    _arriving("is_valid = piece.isdigit()", "is_valid = True", _UNTRUSTED),
    _arriving("is_valid = self._is_utf_8(piece)", "is_valid = True", _UNTRUSTED),
    _arriving('is_valid = self._is_utf_8(b"", is_last=True)', "is_valid = True", _UNTRUSTED),
    _arriving("is_valid = piece.isascii()", "is_valid = True", _UNTRUSTED),
    _arriving("(data is None or _is_json(data))", "True", _UNTRUSTED),
    _computation("arriving.length <= ROW_BYTES", "arriving.length < ROW_BYTES", _WHOLE),
    _computation("            writer.finish()\n", "", _WHOLE),
    _attempt("if is_cancelled else _HANDING", "if not is_cancelled else _HANDING", _BRIEFLY),
]

_WRITES = [
    mutation(
        "shared/store/attempts.py",
        "RETURNING id, {NOTIFYING_CHANGED}",
        "RETURNING id",
        _NOTIFIED,
    ),
    _writes("notify_outbox(connection, [Lane.HEAVY])", "pass", _NOTIFIED),
    _writes(
        "notify_outbox(connection, [Lane.HEAVY])",
        "notify_outbox(connection, [Lane.QUICK])",
        _NOTIFIED,
    ),
    _writes(
        "self._record_other_attempts(connection)\n        self._notify(connection)",
        "self._record_other_attempts(connection)",
        _NOTIFIED,
    ),
    _writes(
        "                if self._cancel(connection):\n",
        "                if False:\n",
        _NOTIFIED,
    ),
    _writes("if self._claim.attempt > 1:", "if self._claim.attempt > 2:", _NOTIFIED),
    _writes(
        "self._claim.calculation_id, self._claim.attempt, limit=_CHUNKS_AT_ONCE",
        "self._claim.calculation_id, self._claim.attempt, limit=0",
        f"{_RESULTS}::test_a_partial_result_leaves_no_chunks",
    ),
]

_RETRY_POLICY = [
    _retries("is_last = attempts >= max_attempts", "is_last = attempts > max_attempts", _RETRIES),
    _retries(
        "aborted.exit_reason == CRASHED and CRASHED in earlier", "CRASHED in earlier", _RETRIES
    ),
    _retries("if is_last or OUT_OF_MEMORY in earlier:", "if is_last:", _RETRIES),
    _retries("    return OUT_OF_MEMORY in earlier", "    return bool(earlier)", _RETRIES),
]

_CHUNKS = [
    _chunks("self._count += len(self._batch)", "self._count += 1", _CHUNK_WRITER),
    _chunks(
        "            self._submit_batch()\n        self._wait",
        "            pass\n        self._wait",
        _CHUNK_WRITER,
    ),
    _chunks("self._wait_until_writing(0)", "self._wait_until_writing(1)", _CHUNK_WRITER),
    _chunks("self._wait_until_writing(CONCURRENT_WRITES - 1)", "pass", _CHUNK_WRITER),
    _chunks("popleft().result()", "popleft()", _CHUNK_WRITER),
    _chunks(
        "        self._threads.shutdown()\n",
        "        self._threads.shutdown(wait=False)\n",
        _CHUNK_WRITER,
    ),
]

MUTATIONS = [*_LEASES, *_ATTEMPTS, *_WRITES, *_RETRY_POLICY, *_CHUNKS]
