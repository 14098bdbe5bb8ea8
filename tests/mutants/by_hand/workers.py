"""Faults in the workers: leases, attempts, what is acknowledged when, and children."""

from functools import partial

from tests.mutants.mutation import mutation

_ADMISSION = "unit/workers/quick/test_admission.py"
_CONSUMER = "integration/workers/test_worker_consumer.py"
_DESCENDANTS = "unit/workers/sandbox/test_descendants.py"
_DIGITS = "unit/workers/sandbox/test_digits.py"
_EXITS = "unit/workers/sandbox/test_exit_reasons.py"
_FRAMES = "unit/workers/sandbox/test_protocol.py"
_HEARTBEAT = "integration/workers/heavy/test_heartbeat.py"
_HEAVY = "integration/workers/heavy"
_LEASE = "unit/workers/heavy/test_lease.py"
_LIMITS = "unit/workers/sandbox/test_limits.py"
_LYING = "integration/workers/heavy/test_untrusted_child.py"
_QUICK = "integration/workers/test_quick_worker.py"
_RETRIES = "unit/workers/heavy/test_retry_policy.py"
_SLOTS = "unit/workers/test_slots.py"
_SPARES = "unit/workers/sandbox/test_spares.py"
_START = "integration/workers/test_worker_start.py"
_TOLD = "integration/workers/heavy/test_notifications.py"

_AT_ONCE = f"{_HEAVY}/test_leases.py::test_a_stopped_worker_hands_its_work_back_at_once"
_COMMITTED = f"{_QUICK}::test_a_message_is_acknowledged_after_its_result_is_committed"
_CLAIMED = f"{_HEAVY}/test_leases.py::test_a_claim_is_committed_before_its_message_is_acknowledged"
_KILLS = f"{_QUICK}::test_what_kills_worker_after_worker_is_left_to_the_heavy_lane"
_UNSTORED = (
    f"{_QUICK}::test_a_result_that_cannot_be_stored_is_not_acknowledged_and_holds_up_no_other"
)
_WHOLE = f"{_HEAVY}/test_results.py::test_a_result_is_stored_whole_and_once"

_admission = partial(mutation, "workers/quick/admission.py")
_attempt = partial(mutation, "workers/heavy/attempt.py")
_child = partial(mutation, "workers/sandbox/child.py")
_consumer = partial(mutation, "workers/broker/consumer.py")
_exit_reasons = partial(mutation, "workers/sandbox/exit_reasons.py")
_descendants = partial(mutation, "workers/sandbox/descendants.py")
_group = partial(mutation, "workers/quick/group_commit.py")
_heavy = partial(mutation, "workers/heavy/actor.py")
_lease = partial(mutation, "workers/heavy/lease.py")
_presence = partial(mutation, "workers/presence.py")
_quick = partial(mutation, "workers/quick/actor.py")
_retries = partial(mutation, "workers/heavy/retry_policy.py")
_parent = partial(mutation, "workers/sandbox/parent.py")
_process = partial(mutation, "workers/sandbox/process.py")
_protocol = partial(mutation, "workers/sandbox/protocol.py")
_tags = partial(mutation, "workers/broker/delivery_tags.py")
_slots = partial(mutation, "workers/broker/slots.py")
_spares = partial(mutation, "workers/sandbox/spares.py")
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
        "                self._lease.check()  # a child", "                # a child", _AT_ONCE
    ),
    _attempt(
        "result != child.result",
        "result.digit_count != child.result.digit_count",
        _LYING,
    ),
    _attempt(
        "result != child.result",
        "result.sha256 != child.result.sha256",
        _LYING,
    ),
    _attempt("if not result.digit_count:", "if False:", _LYING),
    _attempt("if not chunk.isdigit():", "if False:", _LYING),
    _attempt("len(chunk) <= ROW_DIGITS", "len(chunk) < ROW_DIGITS", _WHOLE),
    _attempt("            writer.finish()\n", "", _WHOLE),
    _attempt("if is_cancelled else _HANDING", "if not is_cancelled else _HANDING", _AT_ONCE),
    _writes(
        "            self._notify(connection)\n            return finish",
        "            return finish",
        _TOLD,
    ),
    _writes("notify_outbox(connection, [Lane.HEAVY])", "pass", _TOLD),
    _writes(
        "notify_outbox(connection, [Lane.HEAVY])", "notify_outbox(connection, [Lane.QUICK])", _TOLD
    ),
    _writes(
        "self._record_other_attempts(connection)\n        self._notify(connection)",
        "self._record_other_attempts(connection)",
        _TOLD,
    ),
    _writes("                if self._cancel(connection):\n", "                if False:\n", _TOLD),
    _writes("if self._claim.attempt > 1:", "if self._claim.attempt > 2:", _TOLD),
    _writes(
        "self._claim.calculation_id, self._claim.attempt, limit=_CHUNKS_AT_ONCE",
        "self._claim.calculation_id, self._claim.attempt, limit=0",
        f"{_HEAVY}/test_results.py::test_a_partial_result_leaves_no_chunks",
    ),
    _retries("is_last = attempts >= max_attempts", "is_last = attempts > max_attempts", _RETRIES),
    _retries(
        "aborted.exit_reason == CRASHED and CRASHED in earlier", "CRASHED in earlier", _RETRIES
    ),
    _retries("if is_last or OUT_OF_MEMORY in earlier:", "if is_last:", _RETRIES),
    _retries("    return OUT_OF_MEMORY in earlier", "    return bool(earlier)", _RETRIES),
    _exit_reasons(
        "status == -signal.SIGKILL and is_out_of_memory", "status == -signal.SIGKILL", _EXITS
    ),
]

_DELIVERIES = [
    _heavy(
        "        try:\n            lease = self._claim(work)\n",
        "        delivery.acknowledge()\n        try:\n            lease = self._claim(work)\n",
        _CLAIMED,
    ),
    _heavy(
        "            delivery.is_detached = True\n            return\n",
        "            return\n",
        f"{_HEAVY}/test_leases.py::test_a_claim_that_cannot_be_written_leaves_its_message_to_others",
    ),
    _heavy("                    notify_changed(connection, [claim.calculation_id])\n", "", _TOLD),
    _heavy(
        "if not must_run_alone(lease.claim.earlier_outcomes):",
        "if True:",
        f"{_HEAVY}/test_retries.py::test_after_memory_ran_out_a_calculation_has_its_worker_to_itself",
    ),
    _slots("self._used == self._waiting", "self._used >= self._waiting", _SLOTS),
    _slots(
        "self._closed or self._waiting or self._is_alone", "self._closed or self._waiting", _SLOTS
    ),
    _slots(
        "self._closed or self._waiting or self._is_alone", "self._closed or self._is_alone", _SLOTS
    ),
    _slots("                if give_up():\n", "                if False:\n", _SLOTS),
    _slots(
        "            self._channel.basic_cancel(tag)\n            self._subscriptions.discard(tag)",
        "            self._subscriptions.discard(tag)",
        f"{_HEAVY}/test_slots.py::test_a_busy_worker_holds_no_message_that_another_could_run",
    ),
    _slots(
        "        super().nack(message)\n        self._free()\n",
        "        super().nack(message)\n",
        f"{_HEAVY}/test_slots.py::test_messages_that_the_actor_refuses_cost_no_slot",
    ),
    _consumer(
        "self._channel.basic_ack(up_to, multiple=True)",
        "self._channel.basic_ack(up_to)",
        _CONSUMER,
    ),
    _tags("if tag > self._settled_up_to]", "if False]", _CONSUMER),
    _tags("if tag <= self._settled_up_to]", "if tag < self._settled_up_to]", _CONSUMER),
    _consumer("basic_nack(tag, requeue=requeue)", "basic_nack(tag, requeue=True)", _CONSUMER),
    _consumer(
        "if self._arrived or self._tags.outstanding or not", "if self._arrived or not", _CONSUMER
    ),
    _consumer("            self._broker.note_consuming()\n", "", _CONSUMER),
    _consumer(
        "        if not message.is_detached:\n            message.consumer.acknowledge",
        "        if True:\n            message.consumer.acknowledge",
        _COMMITTED,
    ),
    _consumer("redeliveries if isinstance(redeliveries, int) else 0", "0", _KILLS),
    _group("if finished.is_refused or any(", "if finished.is_refused or all(", _UNSTORED),
    _group("            if len(outcomes) > 1:\n", "            if False:\n", _UNSTORED),
    _group(
        "                delivery.consumer.refuse(delivery.tag)\n",
        "                pass\n",
        _UNSTORED,
    ),
    _group("            return {work.calculation_id}\n", "            return set()\n", _UNSTORED),
    _group(
        "            self._waiting_digits -= digits\n",
        "",
        f"{_QUICK}::test_who_computes_waits_while_more_is_to_be_written_than_may_wait",
    ),
    _group(
        "        finished.delivery.is_detached = True\n",
        "",
        f"{_QUICK}::test_results_that_could_not_be_written_by_the_end_leave_their_messages_to_others",
    ),
    _quick(
        "delivery.redeliveries >= self._max_redeliveries",
        "delivery.redeliveries > self._max_redeliveries",
        _KILLS,
    ),
    _quick(
        "                notify_outbox(connection, [Lane.HEAVY])\n",
        "",
        f"{_QUICK}::test_what_goes_to_the_heavy_lane_is_told_to_the_relay",
    ),
    _quick(
        "            delivery.is_detached = True  # without an answer it is redelivered\n",
        "",
        f"{_QUICK}::test_what_cannot_be_moved_to_the_heavy_lane_by_the_end_comes_again",
    ),
    _quick(
        "function.version != work.function_version",
        "False",
        f"{_QUICK}::test_another_version_of_a_function_is_gone",
    ),
    _admission("estimate.seconds > self._quick", "estimate.seconds >= self._quick", _ADMISSION),
    _admission("estimate.bytes > self._memory", "estimate.bytes >= self._memory", _ADMISSION),
    _admission("        if faults:\n", "        if False:\n", _ADMISSION),
]

_PROCESSES = [
    _parent(
        "self._deadline += time.monotonic() - left_at",
        "pass",
        f"{_LIMITS}::test_time_that_the_reader_takes_does_not_count_as_the_childs",
    ),
    _process(
        "os.killpg(self.pid, signal.SIGKILL)",
        "os.kill(self.pid, signal.SIGKILL)",
        f"{_DESCENDANTS}::test_descendants_cannot_keep_a_dead_child_open",
    ),
    _process(
        "        kill_orphans()\n",
        "",
        f"{_DESCENDANTS}::test_what_left_its_session_and_its_parent_ends_with_its_calculation",
    ),
    _parent(
        "if descendants and hold_more_than(",
        "if False and hold_more_than(",
        f"{_LIMITS}::test_six_forks_have_no_more_memory_than_one_process",
    ),
    _descendants(
        "return sum(map(_proportional_bytes, pids)) > limit_bytes",
        "return True",
        f"{_LIMITS}::test_memory_that_forks_share_counts_once",
    ),
    _descendants(
        "if pid not in _started and _is_limited(pid)]", "if _is_limited(pid)]", _DESCENDANTS
    ),
    _protocol(
        "if length > MAX_PAYLOAD:",
        "if length >= MAX_PAYLOAD:",
        f"{_DIGITS}::test_digits_arrive_whole_and_with_their_digest",
    ),
    _protocol("if len(self._buffer) < end:", "if len(self._buffer) <= end:", _FRAMES),
    _protocol("min(max(fraction, 0.0), 1.0)", "max(fraction, 0.0)", _FRAMES),
    _protocol("if reason in _CHILD_REASONS:", "if True:", _LYING),
    _child(
        "if os.getpid() != self._pid:",
        "if False:",
        f"{_DIGITS}::test_a_forgotten_fork_does_not_answer_twice",
    ),
    _child(
        "function.version != request.version",
        "False",
        f"{_DIGITS}::test_a_function_that_is_not_installed_is_gone",
    ),
    _child("    exit_if_orphaned(request.parent_pid)\n", "", _SPARES),
    _child(
        "        os.dup2(2, 1)\n",
        "",
        f"{_DIGITS}::test_nothing_that_a_function_prints_gets_among_its_digits",
    ),
    _spares("if not child.has_ended():", "if True:", _SPARES),
    _process(
        'if not k.startswith("RECKONER_")',
        "if k",
        f"{_LIMITS}::test_no_secret_of_the_service_reaches_the_child",
    ),
    _presence(
        "            self._thread.join(_CLOSING_SECONDS)\n",
        "            self._thread.join(0)\n",
        f"{_START}::test_a_worker_that_signs_off_is_not_put_back_by_a_beat_under_way",
    ),
    _presence(
        "        if self._thread.is_alive():\n",
        "        if False:\n",
        f"{_START}::test_a_worker_whose_last_beat_hangs_leaves_its_row_to_grow_old",
    ),
    _presence(
        "                elif _lacks_table(error):\n",
        "                elif False:\n",
        f"{_START}::test_a_worker_waits_for_the_schema_and_says_so",
    ),
    _presence(
        "                elif _lacks_table(error):\n",
        "                elif True:\n",
        "integration/postgres/outages/test_workers.py::test_presence_is_written_after_an_outage_and_a_bug_is_an_error",
    ),
]

_COME_TO = (
    "integration/gateway/relay/test_outbox.py"
    "::test_workers_of_both_lanes_note_what_they_have_come_to"
)

_WATERMARKS = [
    _heavy("self.watermark.note(claim.published_at)", "pass", _COME_TO),
    _group("self.watermark.note(written.published_at)", "pass", _COME_TO),
    _presence("consumed_published_at=self._watermark()", "consumed_published_at=None", _COME_TO),
    _presence("if published_at is not None:", "if self._last is None:", _COME_TO),
]

_CHUNK_WRITER = "unit/workers/heavy/test_chunks.py"
_chunks = partial(mutation, "workers/heavy/chunks.py")

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
    _heavy(
        "            self._leases.drop(lease)\n",
        "            pass\n",
        f"{_HEAVY}/test_results.py::test_a_result_is_stored_whole_and_once",
    ),
    _heavy(
        "            self._children.prepare()  # for",
        "            pass  # for",
        f"{_HEAVY}/test_results.py::test_a_real_function_runs_in_a_real_worker",
    ),
]

MUTATIONS = [*_CHUNKS, *_WATERMARKS, *_LEASES, *_ATTEMPTS, *_DELIVERIES, *_PROCESSES]
