"""Faults in the gateway's routes."""

from tests.mutants.mutation import mutation

_NOTIFICATIONS = "integration/gateway/waiting/test_notifications.py"
_CACHES = "integration/gateway/routes/test_cache_headers.py"
_REQUESTS = "integration/gateway/routes/test_requests.py"
_PRUNED = "integration/gateway/routes/test_pruned_results.py"
_EVENTS = "integration/gateway/routes/test_events.py"

MUTATIONS = [
    mutation(
        "gateway/routes/calculation.py",
        "        notify_changed(connection, [calculation_id])\n",
        "        pass\n",
        f"{_NOTIFICATIONS}::test_a_held_request_is_answered_when_its_calculation_ends",
    ),
    mutation(
        "gateway/routes/calculation.py",
        "if row.status == Status.CANCELLED:\n            self._counters",
        "if row.status != Status.CANCELLED:\n            self._counters",
        f"{_NOTIFICATIONS}::test_a_cancel_responds_at_once_and_waiters_are_answered_when_the_worker_has_ended_it",
    ),
    mutation(
        "gateway/routes/events.py",
        "                    if _is_last(event):\n                        return\n",
        "",
        f"{_NOTIFICATIONS}::test_a_held_request_is_answered_when_its_calculation_ends",
    ),
    mutation(
        "gateway/http/responses.py",
        '    resp.set_header("X-Accel-Buffering", "no")  # for NGINX\n',
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
    mutation(
        "gateway/app.py",
        "    app.req_options.strip_url_path_trailing_slash = True\n",
        "",
        f"{_REQUESTS}::test_an_unknown_query_parameter_is_refused",
    ),
    mutation(
        "gateway/routes/results.py",
        "        else:\n            let_nginx_cache",
        "        if True:\n            let_nginx_cache",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/routes/result_bytes.py",
        "        yield compressor.flush()\n",
        "",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/routes/result_bytes.py",
        "if row.result_pruned_at is not None:",
        "if False:",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
    ),
    mutation(
        "gateway/routes/result_bytes.py",
        "(is_whole and is_last and digest.hexdigest() != row.result_sha256)",
        "False",
        f"{_CACHES}::test_a_damaged_result_is_not_served_whole",
    ),
    mutation(
        "gateway/routes/result_bytes.py",
        "        self.check_available(now)\n",
        "",
        f"{_PRUNED}::test_digits_that_are_pruned_during_a_download_are_410_and_not_corrupt",
    ),
    mutation(
        "gateway/routes/results.py",
        "        resp.stream = (\n            await self._bytes.open(",
        "        representation.write_headers(resp)\n        let_nginx_cache(resp)\n"
        "        resp.stream = (\n            await self._bytes.open(",
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/routes/calculate.py",
        'resp.cache_control = ["no-cache"]',
        'resp.cache_control = ["public"]',
        f"{_CACHES}::test_no_other_response_may_be_cached",
    ),
    mutation(
        "gateway/routes/health.py",
        "        if self._check is None or self._check.done():\n",
        "        if True:\n",
        "integration/gateway/routes/test_health_of_postgresql.py"
        "::test_however_many_ask_postgresql_is_queried_once_at_a_time",
    ),
]
