"""Faults in the gateway: whom it answers, when, and with what; error paths that keep a state."""

from tests.mutants.mutation import mutation

_WAITERS = "integration/gateway/waiting/test_waiters.py"
_LISTENER = "integration/gateway/waiting/test_listener.py"
_LOOKUP = "integration/gateway/waiting/test_lookup.py"
_NOTIFICATIONS = "integration/gateway/waiting/test_notifications.py"
_CACHES = "integration/gateway/routes/test_cache_headers.py"
_REQUESTS = "integration/gateway/routes/test_requests.py"
_LIMITS = "integration/gateway/routes/test_limits.py"
_WAKEUP = "integration/gateway/submission/test_relay_wakeup.py"
_SHARED_QUERY = "integration/gateway/database/test_shared_query.py"
_TRANSACTIONS = "integration/gateway/database/test_transactions.py"
_POOL = "integration/gateway/database/test_async_pool.py"
_PRUNED = "integration/gateway/routes/test_pruned_results.py"
_EVENTS = "integration/gateway/routes/test_events.py"
_PLANNING = "unit/gateway/submission/test_plan.py"

_OF_WAITERS = [
    mutation(
        "gateway/routes/calculation.py",
        "        notify_changed(connection, [calculation_id])\n",
        "        pass\n",
        f"{_NOTIFICATIONS}::test_a_held_request_is_answered_when_its_calculation_ends",
    ),
    mutation(
        "gateway/waiting/lookup.py",
        "        while waiter.discard_row() and not is_final(row.status):\n"
        "            row = await self.get(row.id)\n",
        "        waiter.discard_row()\n",
        f"{_LOOKUP}::test_a_change_that_is_delivered_during_the_first_query_is_not_lost",
    ),
    mutation(
        "gateway/waiting/lookup.py",
        "            if left <= 0:\n                break\n",
        "            left = max(left, 0.1)\n",
        f"{_NOTIFICATIONS}::test_when_the_time_to_wait_is_over_the_response_is_the_unfinished_document",
    ),
    mutation(
        "gateway/routes/calculation.py",
        "if row.status != Status.CANCELLED:\n            resp.status = falcon.HTTP_202",
        "if row.status == Status.CANCELLED:\n            resp.status = falcon.HTTP_202",
        f"{_NOTIFICATIONS}::test_a_cancel_responds_at_once_and_waiters_are_answered_when_the_worker_has_ended_it",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "                self._waiters.mark_all_changed()",
        "                pass",
        f"{_LISTENER}::test_nothing_is_missed_while_the_listener_is_cut_off",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "while self._has_received and not lost.is_set()",
        "while not lost.is_set()",
        f"{_LISTENER}::test_a_connection_on_which_nothing_arrives_is_replaced",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "                    await self._database.run_autocommit(notify_listeners)",
        "                    pass",
        f"{_LISTENER}::test_a_connection_on_which_only_its_own_notifications_arrive_is_kept",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "        self._has_received = True\n        while connection",
        "        while connection",
        f"{_LISTENER}::test_a_connection_on_which_only_its_own_notifications_arrive_is_kept",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "                if not is_transient(error):",
        "                if is_transient(error):",
        f"{_LISTENER}::test_while_the_server_is_unavailable_the_listener_reconnects_and_logs_no_bug",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "[min(failures, 3)]",
        "[failures]",
        f"{_LISTENER}::test_while_the_server_is_unavailable_the_listener_reconnects_and_logs_no_bug",
    ),
    mutation(
        "gateway/waiting/listener.py",
        "os.dup(connection.fileno())",
        "connection.fileno()",
        f"{_LISTENER}::test_a_new_connection_may_have_the_descriptor_of_a_listener_that_broke",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "if began >= waiter.discarded_at:",
        "if True:",
        f"{_WAITERS}::test_a_row_is_never_delivered_to_a_waiter_that_has_read_a_newer_one",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "self.mark_changed([row.id])",
        "pass",
        f"{_WAITERS}::test_a_row_is_never_delivered_to_a_waiter_that_has_read_a_newer_one",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "            self.mark_changed(ids)\n            await",
        "            await",
        f"{_WAITERS}::test_a_query_that_fails_is_repeated_for_its_waiters",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "            self.mark_changed(ids)\n            raise",
        "            raise",
        f"{_WAITERS}::test_a_query_that_fails_is_repeated_for_its_waiters",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "            self._wake.clear()\n",
        "            self._wake.clear()\n"
        "            self._sweep_at = loop.time() + self._sweep_seconds\n",
        f"{_WAITERS}::test_under_steady_traffic_a_sweep_finds_what_a_lost_notification_named",
    ),
    mutation(
        "gateway/waiting/waiters.py",
        "            if not waiters:\n                del self._waiters[calculation_id]\n",
        "",
        f"{_NOTIFICATIONS}::test_when_the_time_to_wait_is_over_the_response_is_the_unfinished_document",
    ),
    mutation(
        "gateway/routes/events.py",
        "                    if _is_last(event):\n                        return\n",
        "",
        f"{_NOTIFICATIONS}::test_a_held_request_is_answered_when_its_calculation_ends",
    ),
    mutation(
        "gateway/routes/events.py",
        '        resp.set_header("X-Accel-Buffering", "no")\n',
        "",
        f"{_CACHES}::test_a_stream_is_not_buffered_and_ends_with_the_final_event",
    ),
    mutation(
        "gateway/routes/events.py",
        'if _is_last(first) and req.get_header("Last-Event-ID") == _LAST_EVENT:',
        'if _is_last(first) and req.get_header("Last-Event-ID"):',
        f"{_CACHES}::test_a_stream_is_not_buffered_and_ends_with_the_final_event",
    ),
    mutation(
        "gateway/routes/events.py",
        "waiter.next_row(max(0.0, silent_until - loop.time()))",
        "waiter.next_row((silent_until := loop.time() + self._heartbeat_seconds) - loop.time())",
        f"{_EVENTS}::test_unchanged_rows_do_not_postpone_the_heartbeat",
    ),
]

_OF_LIMITS = [
    mutation(
        "gateway/http/body.py",
        "if declared <= limit_bytes:",
        "if declared <= limit_bytes + 1:",
        f"{_LIMITS}::test_a_body_is_accepted_up_to_the_limit_and_refused_beyond_it",
    ),
    mutation(
        "gateway/http/body.py",
        "        if received <= limit_bytes:",
        "        if received < limit_bytes:",
        f"{_LIMITS}::test_a_body_is_accepted_up_to_the_limit_and_refused_beyond_it",
    ),
    mutation(
        "gateway/http/body.py",
        "    if received > limit_bytes:",
        "    if received > limit_bytes + 1:",
        f"{_LIMITS}::test_a_body_is_accepted_up_to_the_limit_and_refused_beyond_it",
    ),
    mutation(
        "gateway/http/body.py",
        'if coding != "identity":',
        'if coding == "br":',
        f"{_REQUESTS}::test_a_body_must_be_declared_as_json",
    ),
    mutation(
        "gateway/http/body.py",
        "    for _ in range(MAX_NESTING):",
        "    for _ in range(MAX_NESTING - 1):",
        "unit/gateway/http/test_body.py::test_nesting_is_taken_up_to_its_limit",
    ),
    mutation(
        "gateway/http/limits.py",
        "MAX_BATCH_BODY_BYTES = 4 * KIB * KIB",
        "MAX_BATCH_BODY_BYTES = 4 * 1000 * KIB",
        f"{_LIMITS}::test_the_limits_are_the_documented_ones",
    ),
    mutation(
        "gateway/database/batching.py",
        "        if len(self._waiting) >= _MAX_WAITING:\n            raise StoreUnavailable\n",
        "",
        f"{_LIMITS}::test_requests_beyond_the_most_that_may_wait_get_503_at_once_and_the_others_are_served",
    ),
    mutation(
        "gateway/database/database.py",
        "            self._waiting -= 1",
        "            pass",
        f"{_LIMITS}::test_requests_beyond_the_most_that_may_wait_get_503_at_once_and_the_others_are_served",
    ),
    mutation(
        "gateway/http/errors.py",
        'headers={"Retry-After": str(UNAVAILABLE_RETRY_SECONDS)},',
        "",
        f"{_LIMITS}::test_requests_beyond_the_most_that_may_wait_get_503_at_once_and_the_others_are_served",
    ),
    mutation(
        "gateway/http/errors.py",
        "{headers.get('Allow', '')}.\",\n            headers=headers,",
        "{headers.get('Allow', '')}.\",",
        f"{_REQUESTS}::test_an_unsupported_method_gets_a_list_of_those_supported",
    ),
    mutation(
        "gateway/http/errors.py",
        'headers={"Accept-Post": "application/json"},',
        "",
        f"{_REQUESTS}::test_a_body_must_be_declared_as_json",
    ),
    mutation(
        "gateway/http/request_ids.py",
        "_WELL_FORMED.fullmatch(given)",
        "_WELL_FORMED.match(given)",
        f"{_REQUESTS}::test_any_other_request_id_is_replaced",
    ),
    mutation(
        "gateway/http/query_parameters.py",
        'if req.method in ("GET", "HEAD") else ()',
        "if req.method else ()",
        f"{_REQUESTS}::test_an_unknown_query_parameter_is_refused",
    ),
    mutation(
        "gateway/app.py",
        "    app.req_options.strip_url_path_trailing_slash = True\n",
        "",
        f"{_REQUESTS}::test_an_unknown_query_parameter_is_refused",
    ),
    mutation(
        "gateway/submission/plan.py",
        "estimate.bytes > self.settings.memory_limit_bytes:\n            raise",
        "estimate.bytes >= self.settings.memory_limit_bytes:\n            raise",
        f"{_PLANNING}::test_a_calculation_of_exactly_the_limit_is_within_it",
    ),
    mutation(
        "gateway/submission/plan.py",
        "Lane.QUICK if estimate.seconds <= self",
        "Lane.QUICK if estimate.seconds < self",
        f"{_PLANNING}::test_a_calculation_of_exactly_the_limit_is_within_it",
    ),
    mutation(
        "gateway/submission/plan.py",
        "not 1 <= len(items) <= max_calculations",
        "not len(items) <= max_calculations",
        f"{_PLANNING}::test_a_batch_has_at_least_one_and_at_most_the_limit",
    ),
    mutation(
        "shared/errors.py",
        '.replace("~", "~0").replace("/", "~1")',
        '.replace("/", "~1").replace("~", "~0")',
        f"{_PLANNING}::test_each_fault_of_a_batch_has_a_pointer",
    ),
    mutation(
        "gateway/http/preferences.py",
        "min(int(wait), MAX_WAIT_SECONDS)",
        "int(wait)",
        "unit/gateway/http/test_preferences.py",
    ),
]

_OF_WHAT_IS_KEPT = [
    mutation(
        "gateway/http/document.py",
        "    if row.has_result:\n        let_nginx_cache",
        "    if is_final(row.status):\n        let_nginx_cache",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
    ),
    mutation(
        "gateway/http/document.py",
        'write_json(resp, document(row), cache="no-cache")',
        'write_json(resp, document(row), cache="public, max-age=60")',
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/http/representation.py",
        'resp.set_header("Cache-Control", _CACHE_CONTROL)',
        'resp.set_header("Cache-Control", "no-cache")',
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/http/representation.py",
        '"{self.sha256}-gzip"\' if self.is_gzip else',
        '"{self.sha256}"\' if self.is_gzip else',
        "e2e/test_results.py::test_gzip_is_served_where_asked_for",
    ),
    mutation(
        "gateway/http/ranges.py",
        "min(_number(last) + 1, length)",
        "min(_number(last), length)",
        "unit/gateway/http/test_representation.py::test_a_range_means_what_a_slice_means",
    ),
    mutation(
        "gateway/http/representation.py",
        "self._is_matched(if_match, is_weak=False)",
        "self._is_matched(if_match, is_weak=True)",
        "unit/gateway/http/test_representation.py::test_if_match_takes_strong_tags_only",
    ),
    mutation(
        "gateway/routes/results.py",
        "        else:\n            let_nginx_cache",
        "        if True:\n            let_nginx_cache",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/routes/digits.py",
        "        yield compressor.flush()\n",
        "",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/routes/digits.py",
        "if row.result_pruned_at is not None:",
        "if False:",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
    ),
    mutation(
        "gateway/routes/digits.py",
        "(is_whole and is_last and digest.hexdigest() != row.result_sha256)",
        "False",
        f"{_CACHES}::test_a_damaged_result_is_not_served_whole",
    ),
    mutation(
        "gateway/routes/digits.py",
        "        self.check_available(now)\n",
        "",
        f"{_PRUNED}::test_digits_that_are_pruned_during_a_download_are_410_and_not_corrupt",
    ),
    mutation(
        "gateway/http/problems.py",
        "    for name in resp.headers:\n        resp.delete_header(name)\n",
        "",
        "unit/gateway/http/test_problems.py::test_a_problem_replaces_the_whole_response",
    ),
    mutation(
        "gateway/http/problems.py",
        "    resp.stream = None\n",
        "",
        "unit/gateway/http/test_problems.py::test_a_problem_replaces_the_whole_response",
    ),
    mutation(
        "gateway/routes/results.py",
        "        resp.stream = (\n            await self._digits.open(",
        "        representation.write_headers(resp)\n        let_nginx_cache(resp)\n"
        "        resp.stream = (\n            await self._digits.open(",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/http/problems.py",
        '    resp.cache_control = ["no-store"]\n',
        "",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
    ),
    mutation(
        "gateway/routes/calculate.py",
        'resp.cache_control = ["no-cache"]',
        'resp.cache_control = ["public"]',
        f"{_CACHES}::test_no_other_response_may_be_cached",
    ),
]

_OF_ERROR_PATHS = [
    mutation(
        "gateway/submission/relay_wakeup.py",
        "        finally:\n            self._task = None\n",
        "        else:\n            self._task = None\n",
        f"{_WAKEUP}::test_after_a_wake_up_that_failed_others_follow",
    ),
    mutation(
        "gateway/submission/submit.py",
        "        if is_queued:\n            self._relay_wakeup.wake({calculation.lane})\n",
        "",
        f"{_WAKEUP}::test_resubmitting_a_cancelled_calculation_wakes_the_relay",
    ),
    mutation(
        "gateway/submission/submit.py",
        "        if not is_alone:\n",
        "        if False:\n",
        f"{_WAKEUP}::test_new_work_wakes_the_relay_for_its_lanes",
    ),
    mutation(
        "gateway/submission/submit.py",
        "wakes_relay=is_alone",
        "wakes_relay=False",
        f"{_WAKEUP}::test_new_work_wakes_the_relay_for_its_lanes",
    ),
    mutation(
        "gateway/submission/submit.py",
        "            self._relay_wakeup.wake(receipt.lanes)",
        "            pass",
        f"{_WAKEUP}::test_new_work_wakes_the_relay_for_its_lanes",
    ),
    mutation(
        "gateway/database/shared_query.py",
        "        self._task = None\n        if not task",
        "        if task.cancelled() or task.exception() is None:\n"
        "            self._task = None\n        if not task",
        f"{_SHARED_QUERY}::test_a_query_that_failed_is_repeated_and_the_latest_answer_stays",
    ),
    mutation(
        "gateway/database/shared_query.py",
        "await asyncio.shield(task)",
        "await task",
        f"{_SHARED_QUERY}::test_a_request_that_is_cancelled_takes_the_answer_from_no_other",
    ),
    mutation(
        "gateway/database/shared_query.py",
        "pause = max(self._fresh",
        "pause = min(self._fresh",
        f"{_SHARED_QUERY}::test_the_answer_of_a_slow_query_serves_longer",
    ),
    mutation(
        "gateway/database/batching.py",
        "if len(batch) > 1 and not isinstance(error, StoreUnavailable):",
        "if len(batch) > 1:",
        "unit/gateway/database/test_batching.py::test_a_batch_that_found_the_store_unavailable_is_not_repeated_item_by_item",
    ),
    mutation(
        "gateway/database/batching.py",
        "if len(batch) > 1 and not isinstance(error, StoreUnavailable):",
        "if False:",
        "unit/gateway/database/test_batching.py::test_an_item_that_fails_fails_alone",
    ),
    mutation(
        "gateway/database/database.py",
        "if not error.connection_invalidated and not is_conflict(error):",
        "if not error.connection_invalidated:",
        f"{_TRANSACTIONS}::test_a_use_case_that_lost_a_conflict_runs_once_more_and_no_more",
    ),
    mutation(
        "gateway/database/database.py",
        "if not error.connection_invalidated and not is_conflict(error):",
        "if not is_conflict(error):",
        f"{_TRANSACTIONS}::test_a_use_case_whose_connection_breaks_runs_once_more_on_another",
    ),
    mutation(
        "gateway/database/pool.py",
        "            self._renew()\n            raise StoreUnavailable",
        "            raise StoreUnavailable",
        f"{_POOL}::test_after_a_timeout_no_older_connection_is_used_again",
    ),
    mutation(
        "gateway/database/pool.py",
        "if connection.is_open and generation == self._generation:",
        "if connection.is_open:",
        f"{_POOL}::test_after_a_timeout_no_older_connection_is_used_again",
    ),
    mutation(
        "gateway/database/pool.py",
        "if is_connection_unusable(error) or not connection.is_open:",
        "if not connection.is_open:",
        "integration/gateway/database/test_read_only.py::test_no_connection_that_met_a_read_only_error_is_used_again",
    ),
    mutation(
        "gateway/database/pool.py",
        "                    if connection.is_open and not is_conflict(error):\n",
        "                    if not is_conflict(error):\n",
        f"{_POOL}::test_a_query_whose_connection_breaks_is_executed_again",
    ),
    mutation(
        "gateway/server/protocol.py",
        "            self.loop.call_later(_IDLE_SECONDS, self._close_if_idle)",
        "            self._close_if_idle()",
        "integration/gateway/server/test_gateway_process.py"
        "::test_a_request_on_an_open_connection_is_answered_while_the_process_stops",
    ),
    mutation(
        "gateway/server/protocol.py",
        "        if self._task is not None:\n            self._task.cancel()\n",
        "",
        "unit/gateway/server/test_protocol.py::test_a_response_is_cancelled_when_its_client_disconnects",
    ),
    mutation(
        "shared/postgres/deadlines.py",
        "                    if until < now:",
        "                    if until > now:",
        "integration/postgres/test_deadlines.py::test_a_connection_within_its_time_limit_is_left_alone",
    ),
    mutation(
        "shared/postgres/deadlines.py",
        "                del self._waiting[thread]",
        "                pass",
        "integration/postgres/test_deadlines.py"
        "::test_only_a_connection_whose_server_falls_silent_is_shut",
    ),
    mutation(
        "shared/postgres/deadlines.py",
        "st_ino == self.inode",
        "st_ino",
        "integration/postgres/test_deadlines.py::test_a_descriptor_that_has_been_reused_is_left_alone",
    ),
    mutation(
        "shared/postgres/deadlines.py",
        "        with self.deadlines.waiting(self):\n            super().rollback()",
        "        super().rollback()",
        "integration/postgres/test_deadlines.py"
        "::test_only_a_connection_whose_server_falls_silent_is_shut",
    ),
]

MUTATIONS = [*_OF_WAITERS, *_OF_LIMITS, *_OF_WHAT_IS_KEPT, *_OF_ERROR_PATHS]
