"""Faults in who may do what."""

from tests.mutants.mutation import mutation

_ROUTES = "integration/gateway/access/test_keys_on_every_route.py"
_VALID = "integration/gateway/access/test_valid_keys.py"
_CALLERS = "integration/gateway/access/test_callers.py"
_MEANWHILE = "integration/gateway/access/test_revoked_meanwhile.py"
_LONGEST = "integration/gateway/access/test_longest_calculation.py"
_RING = "unit/gateway/access/test_key_ring.py"
_READINGS = "unit/gateway/access/test_key_readings.py"
_RATES = "unit/gateway/access/test_rates.py"

MUTATIONS = [
    mutation(
        "gateway/access/authentication.py",
        "        if scope not in caller.scopes:\n            raise ScopeMissing(scope)\n",
        "",
        f"{_ROUTES}::test_a_key_opens_the_routes_of_its_scopes_and_no_others",
    ),
    mutation(
        "gateway/access/authentication.py",
        "        if req_succeeded and not self._ring.is_current(caller):\n"
        "            self.check_again(req)\n",
        "",
        f"{_MEANWHILE}::test_a_request_that_waits_is_refused",
    ),
    mutation(
        "gateway/access/authentication.py",
        '        if not self._ring.is_fresh:\n            resp.delete_header("X-Accel-Expires")\n',
        "",
        f"{_CALLERS}::test_nginx_keeps_nothing_by_keys_that_were_not_read_lately",
    ),
    mutation(
        "gateway/access/authentication.py",
        'resp.set_header("Cache-Control", _private(cache_control))',
        "pass",
        f"{_CALLERS}::test_nothing_that_a_key_has_read_is_for_shared_caches",
    ),
    mutation(
        "gateway/access/keys_off.py",
        'resp.delete_header("X-Accel-Expires")',
        "pass",
        f"{_CALLERS}::test_with_keys_off_a_credential_is_ignored_but_nothing_is_kept_for_it",
    ),
    mutation(
        "gateway/access/scopes.py",
        "return Scope.OPERATE if",
        "return None if",
        "unit/gateway/access/test_scopes.py::test_what_a_resource_says_nothing_of_needs_operate",
    ),
    mutation(
        "gateway/routes/calculation.py",
        "DELETE=Scope.CANCEL",
        "DELETE=Scope.SUBMIT",
        f"{_ROUTES}::test_each_method_of_each_route_says_which_scope_it_needs",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "    if session is None or now >= session.expires_at:",
        "    if session is None:",
        f"{_RING}::test_keys_sessions_and_former_secrets_end_by_postgresqls_clock_between_two_readings",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "        if key.revoked_at is not None:\n"
        "            raise Unauthenticated(KeyFault.REVOKED)\n",
        "",
        f"{_VALID}::test_a_revoked_key_is_refused_after_the_next_refresh",
        f"{_RING}::test_a_session_ends_with_its_key",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "        if age > MAX_KEYS_SECONDS:\n            return None\n",
        "",
        f"{_RING}::test_what_was_read_counts_for_20_seconds_and_is_for_caches_for_8",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "            await asyncio.sleep(began + _PAUSE_SECONDS - self._clock())\n",
        "",
        f"{_READINGS}::test_unknown_keys_are_refused_after_a_few_shared_readings_however_many_they_are",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "        reading, self._next = self._next, _Reading()\n",
        "        reading = self._next = _Reading() if self._next.done.is_set() else self._next\n",
        f"{_READINGS}::test_a_key_that_is_made_while_keys_are_read_is_found_by_the_next_reading",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "        if not reading.has_succeeded:\n"
        '            raise StoreUnavailable("the API keys cannot be read")\n',
        "",
        f"{_READINGS}::test_a_reading_that_fails_while_keys_are_known_calls_no_key_wrong",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "        if self._waiting >= MAX_KEY_CHECKS:",
        "        if self._waiting > MAX_KEY_CHECKS:",
        f"{_READINGS}::test_no_more_than_a_bounded_number_wait_and_the_others_are_told_to_retry",
    ),
    mutation(
        "gateway/access/rates.py",
        "        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, slot)\n",
        "",
        f"{_RATES}::test_two_processes_together_let_in_what_one_would",
    ),
    mutation(
        "gateway/access/rates.py",
        "max(due, now) + interval",
        "due + interval",
        f"{_RATES}::test_over_a_long_time_as_many_are_let_in_as_the_rate_says",
    ),
    mutation(
        "gateway/access/rates.py",
        "                return float(wait)\n",
        "                _TIME.pack_into(self._times, offset, due + interval)\n"
        "                return float(wait)\n",
        f"{_RATES}::test_a_request_that_is_refused_is_not_counted",
    ),
    mutation(
        "gateway/access/rates.py",
        "                    _TIME.pack_into(self._times, offset, due)\n",
        "                    pass\n",
        f"{_RATES}::test_a_key_that_shares_its_slot_with_a_slow_one_is_not_shut_out_for_long",
    ),
    mutation(
        "gateway/access/key_ring.py",
        "return not self.is_outdated and self._known",
        "return self._known",
        f"{_RING}::test_what_was_read_counts_for_20_seconds_and_is_for_caches_for_8",
    ),
    mutation(
        "gateway/access/key_seconds.py",
        "if calculation.queue_seconds > limit",
        "if calculation.queue_seconds > limit and index",
        f"{_LONGEST}::test_a_longer_one_is_refused_and_not_stored",
    ),
    mutation(
        "gateway/routes/events.py",
        "                    return  # whoever connects again is told why\n",
        "                    pass\n",
        f"{_MEANWHILE}::test_an_event_stream_ends_within_its_heartbeat",
    ),
]
