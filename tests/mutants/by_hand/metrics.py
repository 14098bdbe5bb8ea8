"""Faults in what is counted, in adding it up, and in what /metrics says."""

from functools import partial

from tests.mutants.mutation import mutation

_STORE = "integration/store/test_metrics.py"
_ROUTE = "integration/gateway/routes/test_metrics.py"
_RELAY = "integration/gateway/relay/test_counts.py"
_QUICK = "integration/workers/quick/test_counts.py"
_HEAVY = "integration/workers/heavy/test_counts.py"
_COUNTERS = "unit/shared/metrics/test_counters.py"

_ZOMBIE = f"{_STORE}::test_a_process_that_comes_back_after_it_was_folded_counts_only_what_is_new"
_SILENT = f"{_STORE}::test_rows_of_silent_processes_become_one_and_the_sum_stays"
_ALIVE = f"{_STORE}::test_a_process_that_is_alive_is_not_folded"
_STOPS = f"{_STORE}::test_a_process_that_stops_leaves_its_counts_and_no_gauges"
_UNCHANGED = f"{_STORE}::test_what_has_not_changed_is_not_written_again"
_DOWN = f"{_ROUTE}::test_without_postgresql_it_says_so_at_once_and_nothing_that_could_fall"
_ONCE = f"{_ROUTE}::test_submissions_are_counted_once_whichever_way_they_go"
_CUMULATIVE = f"{_ROUTE}::test_a_histogram_is_cumulative"
_VERSIONS = f"{_ROUTE}::test_buckets_and_labels_of_another_version_do_no_harm"

_counters = partial(mutation, "shared/metrics/counters.py")
_store = partial(mutation, "shared/store/metrics.py")
_row = partial(mutation, "shared/store/metrics_row.py")
_exposition = partial(mutation, "gateway/metrics/exposition.py")
_collecting = partial(mutation, "gateway/metrics/collecting.py")

MUTATIONS = [
    _counters("bisect_left(bounds, value)", "bisect_left(bounds, value) - 1", _COUNTERS),
    _counters("sums[0] += value", "sums[0] = value", _COUNTERS),
    _counters(
        "return {\n        name: {\n            labels: count - before",
        "return {\n        name: {\n            labels: count",
        _ZOMBIE,
    ),
    _store("sum(value::numeric)", "sum(value::float8)", _SILENT),
    _store("kind <> 'retired' AND seen_at < now()", "kind <> 'retired' AND now() < now()", _SILENT),
    _store("seen_at < now() - make_interval", "seen_at <= now() + make_interval", _ALIVE),
    _store("(VALUES (process_metrics.counters), (excluded", "(VALUES (excluded", _SILENT),
    _store("FOR UPDATE SKIP LOCKED", "FOR UPDATE", _STORE),
    _store("'-infinity' ELSE now()", "now() ELSE now()", _STOPS),
    _row("written.totals, None", "{}, None", _ZOMBIE),
    _row("uuid4(), written.totals, None", "self._id, self._base, None", _ZOMBIE),
    _row("if new == written and not is_last:", "if False:", _UNCHANGED),
    _row("{} if is_last else self._counters.gauges()", "self._counters.gauges()", _STOPS),
    _exposition("total += counts.get(bound, 0.0)", "total = counts.get(bound, 0.0)", _CUMULATIVE),
    _exposition("if len(labels) == count}", "if labels is not None}", _VERSIONS),
    _exposition("one >= bound)", "one == bound)", _VERSIONS),
    _exposition("not metric.labels and self._is_read:", "not metric.labels:", _DOWN),
    _exposition(
        "gauge.largest if metric.source is Source.LARGEST else gauge.sum",
        "gauge.sum",
        f"{_ROUTE}::test_gauges_are_added_up_except_where_all_measure_the_same",
    ),
    _collecting("{catalogue.DATABASE_UP: {(): 1}}", "{catalogue.DATABASE_UP: {(): 0}}", _ROUTE),
    mutation(
        "gateway/metrics/request_counts.py",
        "req.uri_template, resp.status",
        "req.path, resp.status",
        f"{_ROUTE}::test_requests_are_counted_by_route_status_and_problem",
    ),
    mutation(
        "gateway/metrics/heartbeat.py",
        "            with contextlib.suppress(TimeoutError):\n"
        "                async with asyncio.timeout(_LAST_SECONDS):\n"
        "                    await self._write_last()\n",
        "",
        _ONCE,
    ),
    mutation(
        "gateway/submission/submit.py",
        "        self._counts.note_inserted(rows.values())\n",
        "",
        _ONCE,
    ),
    mutation(
        "gateway/submission/submit.py",
        "            self._counts.note_queued([calculation])\n",
        "            pass\n",
        _ONCE,
    ),
    mutation(
        "gateway/relay/lane.py",
        "self._counters.add(PUBLISHED, function, self.lane, amount=count)",
        "self._counters.add(PUBLISHED, function, self.lane)",
        _RELAY,
    ),
    mutation(
        "gateway/relay/rescue.py",
        "            if one.status != Status.QUEUED:\n                self._counters",
        "            if True:\n                self._counters",
        f"{_RELAY}::test_leases_that_expire_are_counted_and_what_fails_by_that_is_finished",
    ),
    mutation(
        "gateway/relay/rescue.py",
        "            fold_silent_metrics(connection, _FOLD_SECONDS)\n",
        "            pass\n",
        f"{_RELAY}::test_counts_of_processes_that_are_gone_are_folded",
    ),
    mutation(
        "workers/quick/counts.py",
        "late := count - len(written.ids)",
        "late := count - count",
        _QUICK,
    ),
    mutation(
        "workers/quick/counts.py",
        "        for identity in written.ids:\n            stored[",
        "        for identity in results:\n            stored[",
        _QUICK,
    ),
    mutation("workers/heavy/counts.py", "outcome == Status.CANCELLED", "False", _HEAVY),
    mutation(
        "workers/heavy/claimed_writes.py",
        "                    self._counts.note_late()\n",
        "",
        f"{_HEAVY}::test_a_result_that_comes_too_late_is_counted_as_refused_and_as_nothing_else",
    ),
    mutation(
        "gateway/routes/metrics.py",
        "    serves_unchecked = True\n",
        "    serves_unchecked = False\n",
        "integration/gateway/access/test_postgresql_away.py",
    ),
]
