"""Faults in submission and in the gateway's connections to PostgreSQL."""

from tests.mutants.mutation import mutation

_LIMITS = "integration/gateway/routes/test_limits.py"
_WAKEUP = "integration/gateway/submission/test_relay_wakeup.py"
_SHARED_QUERY = "integration/gateway/database/test_shared_query.py"
_TRANSACTIONS = "integration/gateway/database/test_transactions.py"
_LOST = "integration/gateway/database/test_lost_connections.py"
_PLANNING = "unit/gateway/submission/test_plan.py"

MUTATIONS = [
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
        "gateway/submission/plan.py",
        "estimate.bytes > self._memory_limit_bytes(function):\n            raise",
        "estimate.bytes >= self._memory_limit_bytes(function):\n            raise",
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
        "gateway/submission/relay_wakeup.py",
        "        finally:\n            self._task = None\n",
        "        else:\n            self._task = None\n",
        f"{_WAKEUP}::test_after_a_wake_up_that_failed_others_follow",
    ),
    mutation(
        "gateway/submission/submit.py",
        "            self._relay_wakeup.wake({calculation.lane})\n",
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
        f"{_LOST}::test_after_a_timeout_no_older_connection_is_used_again",
    ),
    mutation(
        "gateway/database/pool.py",
        "if connection.is_open and generation == self._generation:",
        "if connection.is_open:",
        f"{_LOST}::test_after_a_timeout_no_older_connection_is_used_again",
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
        f"{_LOST}::test_a_query_whose_connection_breaks_is_executed_again",
    ),
]
