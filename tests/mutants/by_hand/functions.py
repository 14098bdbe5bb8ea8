"""Faults in what is done with functions: handing back, costs, fingerprints, faulty packages."""

from functools import partial

from tests.mutants.mutation import mutation

_BACK = "integration/workers/test_handing_back.py"
_STORE = "integration/store/outbox/test_handed_back.py"
_RELAY = "integration/gateway/relay/test_handed_back.py"
_COSTS = "integration/store/test_functions.py"
_PLAN = "unit/gateway/submission/test_learnt_costs.py"
_FAULTY = "integration/test_faulty_functions.py"

_BUNDLE = f"{_BACK}::test_a_bundle_is_computed_but_for_what_the_worker_lacks"
_RUNS_THE_REST = f"{_BACK}::test_a_heavy_worker_hands_back_what_it_lacks_and_runs_the_rest"
_OFFERED = f"{_RELAY}::test_it_waits_while_a_live_worker_of_the_lane_offers_it"
_DECIDES_NOTHING = (
    f"{_PLAN}::test_what_was_learnt_changes_no_lane_refuses_nothing_and_computes_nothing_at_once"
)

_quick = partial(mutation, "workers/quick/actor.py")
_heavy = partial(mutation, "workers/heavy/actor.py")
_attempt = partial(mutation, "workers/heavy/attempt.py")
_offers = partial(mutation, "workers/offers.py")
_store = partial(mutation, "shared/store/outbox/handed_back.py")
_relay = partial(mutation, "gateway/relay/handed_back.py")
_functions = partial(mutation, "shared/store/functions.py")
_plan = partial(mutation, "gateway/submission/plan.py")
_server = partial(mutation, "gateway/__main__.py")

_HANDING_BACK = [
    _quick("                missing.append(one)\n", "                pass\n", _BUNDLE),
    _heavy("            if self._offers.lacks(work):", "            if False:", _RUNS_THE_REST),
    _heavy("            if attempt.is_function_missing:", "            if False:", _RUNS_THE_REST),
    _attempt(
        '                if aborted.reason == "function-gone":',
        "                if False:",
        _RUNS_THE_REST,
    ),
    _offers(
        "set(installed) - self._withdrawn",
        "set()",
        f"{_BACK}::test_a_worker_says_what_it_offers",
    ),
    _store(
        "AND queued.lane = :lane",
        "",
        f"{_STORE}::test_only_what_is_queued_in_the_lane_is_handed_back",
    ),
    _store(
        "greatest({_SHORTEST_PAUSE_SECONDS}, waited)",
        "waited",
        f"{_STORE}::test_the_pause_grows_with_the_time_that_it_has_been_waiting",
    ),
]

_DECISION = [
    _store(
        "FOR UPDATE OF queued SKIP LOCKED) AS gone",
        ") AS gone",
        f"{_STORE}::test_failing_is_for_what_is_queued_and_waits_for_no_lock",
    ),
    _relay("any(names is None or name in names", "any(names and name in names", _OFFERED),
    _relay("_may_wait(name, offers[Lane(one.lane)])", "_may_wait(name, [])", _OFFERED),
    _relay(
        "return not offers or any(",
        "return any(",
        f"{_RELAY}::test_it_waits_while_its_lane_has_no_live_worker",
    ),
    _relay(
        "                del self._unoffered_since[lane, name]\n",
        "                pass\n",
        f"{_RELAY}::test_the_grace_begins_again_after_a_time_in_which_it_may_wait",
    ),
    _relay(
        "min(now - since, one.waited_seconds)",
        "(now - since)",
        f"{_RELAY}::test_a_resubmission_waits_for_the_whole_grace_again",
    ),
    _relay(
        "min(now - since, one.waited_seconds)",
        "one.waited_seconds",
        f"{_RELAY}::test_it_fails_when_no_worker_has_offered_it_for_the_grace",
    ),
    _relay(
        "            note_offered(connection, waiting)\n",
        "            pass\n",
        f"{_RELAY}::test_the_pauses_are_short_again_once_a_worker_offers_it",
    ),
    _relay(
        "len(reviewed) == _BATCH else _FIRST",
        "False else _FIRST",
        f"{_RELAY}::test_a_run_goes_on_behind_those_that_wait",
    ),
]

_KNOWN = [
    _functions(
        "WHERE known.fingerprint IS DISTINCT FROM excluded.fingerprint\n",
        "WHERE true\n",
        f"{_COSTS}::test_a_changed_fingerprint_is_told_to_one_gateway_alone",
    ),
    _functions(
        "    WHERE before.fingerprint IS NOT NULL ORDER BY",
        "    ORDER BY",
        f"{_COSTS}::test_a_fingerprint_that_was_not_known_has_not_changed",
    ),
    _functions(
        "PARTITION BY function, version ORDER BY",
        "PARTITION BY function ORDER BY",
        f"{_COSTS}::test_each_version_is_learnt_from_its_own_last_runs",
    ),
    _functions(
        "              AND status = 'succeeded'\n            ORDER BY",
        "            ORDER BY",
        f"{_COSTS}::test_costs_are_learnt_beside_a_long_queue",
    ),
    _plan(
        '            and calculation.estimate_source == "function"\n',
        "",
        _DECIDES_NOTHING,
    ),
    _server(
        "if self._is_first.take():", "if True:", f"{_FAULTY}::test_a_gateway_names_them_and_works"
    ),
    _server(
        "        return USAGE_STATUS\n",
        "",
        f"{_FAULTY}::test_a_strict_process_does_not_start",
    ),
]

MUTATIONS = [*_HANDING_BACK, *_DECISION, *_KNOWN]
