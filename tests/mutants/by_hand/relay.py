"""Faults in the relay: publishing, its wake-up, the rescue, and putting dead letters back."""

from functools import partial

from tests.mutants.mutation import mutation

_CONFIRMS = "unit/gateway/test_confirms.py"
_PUBLISHER = "integration/gateway/relay/test_publisher.py"
_PULSE = "unit/gateway/test_pulse.py"
_PROCESS = "integration/gateway/relay/test_relay_process.py"
_REDRIVE = "integration/cli/test_redrive.py"
_RELAY = "integration/gateway/relay/test_relay.py"
_WAKEUP = "integration/gateway/relay/test_relay_wakeup.py"

_REFUSED = f"{_PUBLISHER}::test_exactly_what_a_full_queue_refused_stays_unpublished"
_TOLD_APART = f"{_PUBLISHER}::test_what_was_confirmed_of_a_batch_is_told_from_what_was_refused"
_PROBE = f"{_PUBLISHER}::test_a_probe_leaves_nothing_and_needs_no_queue"
_GONE = f"{_PUBLISHER}::test_a_message_whose_queue_is_gone_is_not_taken_for_published"
_DELETED = f"{_RELAY}::test_a_queue_that_was_deleted_is_made_again"
_EMPTY = f"{_RELAY}::test_each_lanes_queue_must_have_been_empty_for_its_time"
_RAN_OUT = f"{_RELAY}::test_a_claim_that_ran_out_is_published_again_after_a_pause"
_WAITS = f"{_RELAY}::test_a_message_that_waits_is_not_published_twice"
_STAYS = f"{_REDRIVE}::test_what_a_queue_refuses_stays_a_dead_letter"

_batch = partial(mutation, "gateway/relay/confirms.py")
_lane = partial(mutation, "gateway/relay/lane.py")
_process = partial(mutation, "gateway/relay/process.py")
_publisher = partial(mutation, "gateway/relay/publisher.py")
_pulse = partial(mutation, "gateway/relay/pulse.py")
_redrive = partial(mutation, "reckoner/cli/redrive.py")
_rescue = partial(mutation, "gateway/relay/rescue.py")
_session = partial(mutation, "gateway/relay/session.py")
_chunks = partial(mutation, "gateway/relay/lost_chunks.py")

_PUBLISHING = [
    _lane("            if refused:\n", "            if False:\n", _REFUSED),
    _lane("for i in refused for work", "for i in receipt.confirmed for work", _REFUSED),
    _lane("set(range(len(bundled))) - receipt.confirmed", "set(range(len(bundled)))", _REFUSED),
    _lane("if receipt.problem is not None:", "if False:", _REFUSED),
    _lane("encode(works, self.lane)", "encode(works, Lane.QUICK)", _RELAY),
    _batch("isinstance(method, pika.spec.Basic.Ack)", "True", _CONFIRMS),
    _batch("isinstance(method, pika.spec.Basic.Ack)", "True", _REFUSED),
    _batch("if tag <= last and tag", "if tag < last and tag", _CONFIRMS),
    _batch("if tag <= last and tag", "if tag", _CONFIRMS),
    _batch("if method.multiple else (last,)", "if not method.multiple else (last,)", _CONFIRMS),
    _batch("if tags and not self._index_of:", "if tags:", _CONFIRMS),
    _batch("                self.confirmed.clear()\n", "                pass\n", _DELETED),
    _session("_PERSISTENT, mandatory=True", "_PERSISTENT", _GONE),
    _session("self._next_tag = 1\n", "self._next_tag = 0\n", _TOLD_APART),
    _session("method.routing_key != _NOWHERE", "True", _PROBE),
    mutation(
        "gateway/relay/queue_depth.py",
        "        if channel.is_open:\n            channel.close()",
        "        channel.close()",
        f"{_PUBLISHER}::test_a_connection_that_is_closed_between_two_answers_ends_without_an_error",
    ),
    mutation(
        "gateway/relay/queue_depth.py",
        "if code == _NOT_FOUND:",
        "if False:",
        _PROBE,
    ),
    _publisher(
        "        if receipt.problem is None:\n            self._c",
        "        if True:\n            self._c",
        "integration/gateway/relay/test_relay_refused.py::"
        "test_a_connection_that_confirms_nothing_gives_way_to_another_node",
    ),
    _publisher(
        "random.sample(urls, len(urls))",
        "urls",
        "integration/gateway/relay/test_relay_refused.py::test_relays_do_not_all_begin_with_the_first_node",
    ),
]

_WAKING = [
    _process("self.lanes[lane].ring()\n        listener", "pass\n        listener", _WAKEUP),
    _process(
        "                self.lanes[lane].ring()\n        listener",
        "                self.lanes[Lane.QUICK].ring()\n        listener",
        _WAKEUP,
    ),
    _process("self._next_look = 0.0  # whatever", "pass  # whatever", _WAKEUP),
    _process(
        "            self._listener.close()\n            self._listener = None\n",
        "            self._listener.close()\n",
        f"{_WAKEUP}::test_a_listener_that_breaks_is_replaced_and_what_it_missed_is_looked_for",
    ),
    _process(
        "            self._next_look = 0.0\n            self._wake_up()\n",
        "            self._wake_up()\n",
        f"{_WAKEUP}::test_what_the_rescue_returns_is_published_without_a_ring",
    ),
    _process(
        "            self._next_look = 0.0\n            self._wake_up()\n",
        "            self._next_look = 0.0\n",
        f"{_WAKEUP}::test_what_the_rescue_returns_is_published_without_a_ring",
    ),
    _process(
        "            if wait <= 0:\n                self.lanes[lane].ring()",
        "            if wait <= 0:\n                pass",
        f"{_WAKEUP}::test_a_listener_that_falls_silent_costs_no_more_than_the_relays_own_look",
    ),
    _lane(
        "            if rows == self._batch:\n",
        "            if False:\n",
        f"{_WAKEUP}::test_one_ring_is_enough_for_more_than_a_batch",
    ),
    _process("min(part.failing_seconds for", "max(part.failing_seconds for", _PROCESS),
    _process("            delete_relay(connection, self._id)\n", "            pass\n", _PROCESS),
    _process("            return 1  # the row", "            return 0  # the row", _PROCESS),
]

_RESCUING = [
    _rescue("        notify_changed(connection, expired)\n", "", _RAN_OUT),
    _rescue("backoff_seconds=_BACKOFF_SECONDS", "backoff_seconds=0", _RAN_OUT),
    _rescue("time.monotonic() - since >= seconds", "True", _EMPTY),
    _rescue(
        "            self._empty_since.pop(lane, None)\n            return False",
        "            return False",
        _EMPTY,
    ),
    _rescue("setdefault(lane, time", "setdefault(Lane.QUICK, time", _EMPTY),
    _rescue("if self._ready_messages(lane) > 0:", "if self._ready_messages(lane) > 1:", _WAITS),
    _rescue(
        "            self._unanswered.add(lane)\n            self._empty_since.pop(lane, None)\n",
        "            self._unanswered.add(lane)\n",
        f"{_RELAY}::test_a_queue_that_cannot_be_asked_is_not_taken_for_empty",
    ),
    _chunks(
        "_GRACE_SECONDS = 120.0",
        "_GRACE_SECONDS = 0.0",
        "integration/gateway/relay/test_lost_chunks.py",
    ),
]

_ACK = "        channel.basic_ack(tag)  # only once the copy is confirmed\n"
_COPY = '        channel.basic_publish(\n            "",\n'

_DEAD_LETTERS = [
    _redrive(_COPY, f"        channel.basic_ack(tag)\n{_COPY}", _STAYS),
    _redrive("channel.confirm_delivery()\n", "pass\n", _STAYS),
    _redrive(_ACK, "", f"{_REDRIVE}::test_refused_messages_are_put_back"),
    _redrive(
        "channel.basic_get(name)",
        "channel.basic_get(name, auto_ack=True)",
        f"{_REDRIVE}::test_refused_messages_are_shown_and_stay",
    ),
    _redrive("            queue_name(lane),\n", "            queue_name(Lane.QUICK),\n", _REDRIVE),
]

_HEALTH = [
    _pulse("and silent_seconds < _SILENT_SECONDS", "", _PULSE),
    _pulse("if well_at is not None and silent", "if silent", _PULSE),
    _pulse("        if problem is None:\n", "        if True:\n", _PULSE),
    _pulse("content.ljust(_LENGTH_BYTES)", "content", _PULSE),
    _pulse("                return opened.read()\n", "                pass\n", _PULSE),
]

_LOOP = "unit/gateway/test_loop.py"
_loop = partial(mutation, "gateway/relay/loop.py")

_GOING_ON = [
    _loop("min(2 * self._retry_seconds, _LONGEST", "max(2 * self._retry_seconds, _LONGEST", _LOOP),
    _loop(
        "        self._retry_seconds = _RETRY_SECONDS\n        self._c", "        self._c", _LOOP
    ),
    _loop("                self._forget()\n", "", _LOOP),
    _loop(
        "DATABASE_ERRORS) and is_transient(error):",
        "DATABASE_ERRORS):",
        "integration/gateway/relay/test_relay_process.py::test_a_missing_column_is_logged_as_a_bug",
    ),
    _loop("        if self._failing_since is None:\n", "        if True:\n", _LOOP),
    _loop("self.problem = self._failing_since = None", "self.problem = None", _LOOP),
    _loop("        if problem not in said:\n", "        if True:\n", _LOOP),
    _loop("        if problem != self.problem:\n", "        if True:\n", _LOOP),
    _loop("        self._at_end()\n", "", _LOOP),
    _process(
        "*filter(None, [self._rescuing.problem])",
        "",
        f"{_PROCESS}::test_a_rescue_that_fails_is_told_by_the_relays_pulse",
    ),
]

MUTATIONS = [*_GOING_ON, *_PUBLISHING, *_WAKING, *_RESCUING, *_DEAD_LETTERS, *_HEALTH]
