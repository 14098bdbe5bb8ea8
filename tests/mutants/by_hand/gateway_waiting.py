"""Faults in waiting: who is answered, when, and with what."""

from tests.mutants.mutation import mutation

_WAITERS = "integration/gateway/waiting/test_waiters.py"
_LISTENER = "integration/gateway/waiting/test_listener.py"
_LOOKUP = "integration/gateway/waiting/test_lookup.py"
_NOTIFICATIONS = "integration/gateway/waiting/test_notifications.py"

MUTATIONS = [
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
]
