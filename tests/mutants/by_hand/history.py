"""Faults in the history of the service, in putting dead letters back, and in what is said."""

from functools import partial

from tests.mutants.mutation import mutation

_HISTORY = "integration/store/test_history.py"
_SERIES = "unit/gateway/state/test_series.py"
_AMOUNTS = "unit/shared/diagnosis/test_amounts.py"
_REDRIVES = "integration/gateway/relay/test_redrives.py"
_ROUTES = "integration/gateway/routes/test_history.py"
_FAILURES = "integration/store/totals/test_failures.py"

_history = partial(mutation, "shared/store/history.py")
_totals = partial(mutation, "shared/store/totals/lane_totals.py")
_series = partial(mutation, "gateway/state/series.py")
_recent = partial(mutation, "shared/diagnosis/recent.py")
_redrives = partial(mutation, "shared/store/redrives.py")

MUTATIONS = [
    _history("0 < row.seconds < _LONGEST_MINUTE_SECONDS", "0 < row.seconds", _HISTORY),
    _history("0 < row.seconds < ", "row.seconds < ", _HISTORY),
    _history("row is None or row.is_done", "row is None", _HISTORY),
    _history("FROM history_totals FOR UPDATE SKIP LOCKED", "FROM history_totals", _HISTORY),
    _history("(started_at < now() - make_interval(secs => :minutes_kept) OR ", "(", _HISTORY),
    _history("AND clock_timestamp(), false)", "AND now(), false)", _HISTORY),
    _history("OR started_at > now() - interval '1 hour'", "OR started_at > now()", _HISTORY),
    _history("max(queued), max(running)", "min(queued), max(running)", _HISTORY),
    _totals("return None if has_fallen else found", "return found", _HISTORY),
    _totals(
        "    except TypeError:\n        return None\n",
        "    except KeyError:\n        raise\n",
        _HISTORY,
    ),
    _series("if steps else None for steps", "if steps else 0 for steps", _SERIES),
    _series("(_SMALLEST, min)", "(_SMALLEST, max)", _SERIES),
    _recent("failed > _FAILURES and ", "", _AMOUNTS),
    _recent("_CLOCK_SECONDS + uncertain_seconds", "_CLOCK_SECONDS", _AMOUNTS),
    _redrives("SET seen_at = now()\n", "SET seen_at = NULL\n", _REDRIVES),
    _redrives("        FOR UPDATE SKIP LOCKED)\n", ")\n", _REDRIVES),
    _redrives("    if found is not None:\n        return found\n", "", _REDRIVES),
    mutation(
        "gateway/relay/redrives.py", "fault = str(error)[:_MAX_FAULT_CHARACTERS]", "pass", _REDRIVES
    ),
    mutation(
        "shared/store/totals/failures.py",
        "    WHERE finished_at BETWEEN now() - interval '1 day' AND now()\n",
        "",
        _FAILURES,
    ),
    mutation(
        "gateway/routes/history.py",
        "        steps += list_steps(connection, MINUTE_SECONDS, since)\n",
        "",
        _ROUTES,
    ),
]
