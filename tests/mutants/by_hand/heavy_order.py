"""Faults in the order of the heavy lane, in its window, and in what wakes the relay for it."""

from functools import partial

from tests.mutants.mutation import mutation

_TAKING = "integration/store/outbox/test_heavy_outbox.py"
_FILLING = "integration/gateway/relay/test_heavy_window.py"
_COUNTING = "unit/gateway/relay/test_window.py"
_DELAYS = "unit/gateway/admission/test_delays.py"
_PLACES = "integration/gateway/submission/test_places.py"
_AHEAD = "integration/gateway/waiting/test_retry_after.py"
_SYSTEM = "integration/store/totals/test_system.py"

_outbox = partial(mutation, "shared/store/outbox/heavy_outbox.py")
_window = partial(mutation, "gateway/relay/window.py")
_lane = partial(mutation, "gateway/relay/lane.py")
_delays = partial(mutation, "gateway/admission/delays.py")
_submit = partial(mutation, "gateway/submission/submit.py")
_retry_after = partial(mutation, "gateway/waiting/retry_after.py")
_system = partial(mutation, "shared/store/totals/system.py")

MUTATIONS = [
    # Which calculations, and how many.
    _outbox("CASE WHEN rows <= half THEN", "CASE WHEN true THEN", _TAKING),
    _outbox("greatest({LEAST_WINDOW}, 2 * slots)", "{LEAST_WINDOW}", _TAKING),
    _outbox("greatest(1, coalesce(sum(slots), 0))", "coalesce(sum(slots), 0)", _TAKING),
    _outbox("rows + number <= slots", "number <= slots", _TAKING),
    _outbox("room.seconds + numbered.seconds <=", "numbered.seconds <=", _TAKING),
    _outbox("coalesce(estimate_seconds, functions.seconds,", "coalesce(estimate_seconds,", _TAKING),
    _outbox("least(charged_seconds, slots", "least(slots", _TAKING),
    _outbox("WHEN fitting < due THEN 1\n", "WHEN false THEN 1\n", _TAKING),
    _outbox("WHEN due >= most THEN", "WHEN due > most THEN", _TAKING),
    _outbox("FOR UPDATE SKIP LOCKED),\n    estimated", "FOR UPDATE),\n    estimated", _TAKING),
    _outbox(
        "        WHERE lane = 'heavy' AND seen_at BETWEEN",
        "        WHERE seen_at BETWEEN",
        _TAKING,
    ),
    # When the relay asks again.
    mutation("shared/store/leases.py", "{NOTIFYING_CLAIMED}", "NULL", _FILLING),
    _window("self._claims >= until", "self._claims > until", _COUNTING),
    _window(
        "self._begun_at_claims + claims_until_room", "self._claims + claims_until_room", _COUNTING
    ),
    _window(
        "        self._rated_at = time.monotonic()\n        self._claims",
        "        self._claims",
        _COUNTING,
    ),
    _lane(
        "        if window.has_room_again:\n            self._woken.set()\n        self._is_poll",
        "        self._is_poll",
        _FILLING,
    ),
    _lane("        if not self._window.is_full:\n", "        if True:\n", _FILLING),
    _lane("is_unannounced and bool(found.due)", "False", _FILLING),
    mutation("shared/store/outbox/handed_back.py", "if lane is Lane.HEAVY:", "if False:", _FILLING),
    _lane("self._window.note_returned(returned)", "self._window.note_claims(returned)", _FILLING),
    mutation(
        "gateway/relay/process.py",
        "min(self._next_poll_at, self._polled_at + _ROOM_SECONDS)",
        "self._next_poll_at",
        _FILLING,
    ),
    # The places.
    _delays("+ ahead) * self.pace", ") * self.pace", _DELAYS),
    _delays("- self.lag_seconds", "", _DELAYS),
    _delays("group.seconds_class <= highest", "True", _DELAYS),
    _delays("max(_LEAST_SECONDS, one.queue_seconds)", "one.queue_seconds", _DELAYS),
    _delays("key=classes.__getitem__", "key=int", _DELAYS),
    _delays("self._queued_work.refresh()", "self._lane.get()", _PLACES),
    _delays("await self._lane.get()", "pass", _PLACES),
    _submit("backlog.delays(distinct) if backlog else NO_DELAYS", "NO_DELAYS", _PLACES),
    _submit("delay_seconds=delay)", "delay_seconds=0.0)", _PLACES),
    # What clients and operators are told.
    _retry_after("of_key * keys)", "of_key * 99)", _AHEAD),
    _retry_after("(window + min(", "(min(", _AHEAD),
    _retry_after("if one.seconds_class <= seconds_class", "if True", _AHEAD),
    _system(
        "status = 'queued' AND published_at IS NOT NULL) AS published",
        "true) AS published",
        _SYSTEM,
    ),
    _system("(SELECT max(started_at) FROM calculations WHERE status = 'running')", "NULL", _SYSTEM),
    _outbox("ELSE greatest(0, slots - rows) END", "ELSE most END", _SYSTEM),
    _outbox("room.seconds + head.seconds <=", "room.seconds <=", _SYSTEM),
    _outbox("least({MOST_COUNTED}, greatest", "(greatest", _TAKING),
    _outbox("greatest(next.place, last.place)", "next.place", _TAKING),
    _delays("min(_MOST_SECONDS, (", "((", _PLACES),
]
