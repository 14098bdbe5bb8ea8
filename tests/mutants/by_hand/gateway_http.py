"""Faults in HTTP's own rules, and in the gateway's processes."""

from tests.mutants.mutation import mutation

_CACHES = "integration/gateway/routes/test_cache_headers.py"
_ANY_KIND = "integration/gateway/routes/test_results_of_any_kind.py"
_REQUESTS = "integration/gateway/routes/test_requests.py"
_LIMITS = "integration/gateway/routes/test_limits.py"
_PLANNING = "unit/gateway/submission/test_plan.py"

MUTATIONS = [
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
        "reckoner/authoring/faults.py",
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
    mutation(
        "gateway/http/document.py",
        "    if row.has_result:\n        let_nginx_cache",
        "    if is_final(row.status):\n        let_nginx_cache",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
    ),
    mutation(
        "gateway/http/document.py",
        'write_json_text(resp, encode_document(row), cache="no-cache")',
        'write_json_text(resp, encode_document(row), cache="public, max-age=60")',
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/http/results/representation.py",
        'resp.set_header("Cache-Control", _CACHE_CONTROL)',
        'resp.set_header("Cache-Control", "no-cache")',
        f"{_CACHES}::test_nginx_may_cache_what_has_succeeded_and_clients_its_result",
    ),
    mutation(
        "gateway/http/results/representation.py",
        '"{self.sha256}-gzip"\' if self.is_gzip else',
        '"{self.sha256}"\' if self.is_gzip else',
        "e2e/test_results.py::test_gzip_is_served_where_asked_for",
    ),
    mutation(
        "gateway/http/results/representation.py",
        "        if self.may_be_gzip:\n            resp.append_header",
        "        if True:\n            resp.append_header",
        f"{_ANY_KIND}::test_every_kind_is_served_whole_and_in_ranges",
    ),
    mutation(
        "gateway/http/results/browser_headers.py",
        '        "sandbox",\n',
        "",
        f"{_ANY_KIND}::test_every_kind_is_served_whole_and_in_ranges",
    ),
    mutation(
        "gateway/http/results/media_types.py",
        "if not _WELL_FORMED.fullmatch(media_type):",
        "if not _WELL_FORMED.match(media_type):",
        "unit/gateway/http/test_media_types.py",
    ),
    mutation(
        "gateway/http/results/file_names.py",
        "if not name or _OF_A_DEVICE.match(name)",
        "if not name",
        "unit/gateway/http/test_file_names.py",
    ),
    mutation(
        "gateway/http/results/ranges.py",
        "min(_number(last) + 1, length)",
        "min(_number(last), length)",
        "unit/gateway/http/test_representation.py::test_a_range_means_what_a_slice_means",
    ),
    mutation(
        "gateway/http/results/representation.py",
        "self._is_matched(if_match, is_weak=False)",
        "self._is_matched(if_match, is_weak=True)",
        "unit/gateway/http/test_representation.py::test_if_match_takes_strong_tags_only",
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
        "gateway/http/problems.py",
        '    resp.cache_control = ["no-store"]\n',
        "",
        f"{_CACHES}::test_nothing_may_be_cached_of_one_without_a_result",
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
