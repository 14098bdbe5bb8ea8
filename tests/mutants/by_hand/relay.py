"""Faults in the relay: publishing, its wake-up, the rescue, and putting dead letters back."""

from functools import partial

from tests.mutants.mutation import mutation

_CONFIRMS = "unit/gateway/relay/test_confirms.py"
_PUBLISHER = "integration/gateway/relay/test_publisher.py"
_HEALTH_FILE = "unit/gateway/relay/test_health_file.py"
_PROCESS = "integration/gateway/relay/test_relay_process.py"
_REDRIVE = "integration/cli/test_redrive.py"
_RELAY = "integration/gateway/relay/test_relay.py"
_WAKEUP = "integration/gateway/relay/test_relay_wakeup.py"

_REFUSED = f"{_PUBLISHER}::test_exactly_what_a_full_queue_refused_stays_unpublished"
_TOLD_APART = f"{_PUBLISHER}::test_confirmed_and_refused_messages_of_a_batch_are_told_apart"
_PROBE = f"{_PUBLISHER}::test_a_probe_leaves_nothing_and_needs_no_queue"
_GONE = f"{_PUBLISHER}::test_a_message_without_a_queue_does_not_count_as_published"
_DELETED = f"{_RELAY}::test_a_deleted_queue_is_declared_again"
_EMPTY = f"{_RELAY}::test_messages_count_as_lost_once_their_lanes_queue_was_empty_for_long_enough"
_RAN_OUT = f"{_RELAY}::test_an_expired_claim_is_published_again_after_a_pause"
_WAITS = f"{_RELAY}::test_a_message_that_waits_is_not_published_twice"
_STAYS = f"{_REDRIVE}::test_what_a_queue_refuses_stays_a_dead_letter"

_batch = partial(mutation, "gateway/relay/confirms.py")
_lane = partial(mutation, "gateway/relay/lane.py")
_process = partial(mutation, "gateway/relay/process.py")
_publisher = partial(mutation, "gateway/relay/publisher.py")
_health = partial(mutation, "gateway/relay/health.py")
_redrive = partial(mutation, "shared/dead_letters.py")
_rescue = partial(mutation, "gateway/relay/rescue.py")
_connection = partial(mutation, "gateway/relay/connection.py")
_queues = partial(mutation, "gateway/relay/queues.py")

_PUBLISHING = [
    _lane("            if refused:\n", "            if False:\n", _REFUSED),
    _lane("for i in refused for work", "for i in receipt.confirmed for work", _REFUSED),
    _lane("set(range(len(messages))) - receipt.confirmed", "set(range(len(messages)))", _REFUSED),
    _lane("if receipt.problem is not None:", "if False:", _REFUSED),
    _lane("encode(works, self.lane, version)", "encode(works, Lane.QUICK, version)", _RELAY),
    _batch("isinstance(method, pika.spec.Basic.Ack)", "True", _CONFIRMS),
    _batch("isinstance(method, pika.spec.Basic.Ack)", "True", _REFUSED),
    _batch("if tag <= last and tag", "if tag < last and tag", _CONFIRMS),
    _batch("if tag <= last and tag", "if tag", _CONFIRMS),
    _batch("if method.multiple else (last,)", "if not method.multiple else (last,)", _CONFIRMS),
    _batch("if tags and not self._index_of:", "if tags:", _CONFIRMS),
    _batch("                self.confirmed.clear()\n", "                pass\n", _DELETED),
    _connection("_PERSISTENT, mandatory=True", "_PERSISTENT", _GONE),
    _connection("self._next_tag = 1\n", "self._next_tag = 0\n", _TOLD_APART),
    _connection("method.routing_key != _PROBE_QUEUE", "True", _PROBE),
    _queues(
        "(message_count)\n        if channel.is_open:\n            channel.close()",
        "(message_count)\n        channel.close()",
        f"{_PUBLISHER}::test_a_connection_that_is_closed_between_two_answers_ends_without_an_error",
    ),
    _queues(
        "if code == _NOT_FOUND:",
        "if False:",
        _PROBE,
    ),
    _publisher(
        "        if receipt.problem is None:\n            self._c",
        "        if True:\n            self._c",
        "integration/gateway/relay/test_queue_problems.py::"
        "test_a_connection_that_confirms_nothing_gives_way_to_another_node",
    ),
    _publisher(
        "random.sample(urls, len(urls))",
        "urls",
        "integration/gateway/relay/test_broker_problems.py::test_relays_do_not_all_connect_to_the_first_node",
    ),
]

_WAKING = [
    _process(
        "self.lanes[lane].wake_for_new()\n        listener", "pass\n        listener", _WAKEUP
    ),
    _process(
        "                    self.lanes[lane].wake_for_new()\n        listener",
        "                    self.lanes[Lane.QUICK].wake()\n        listener",
        _WAKEUP,
    ),
    _process("self._next_poll_at = 0.0  # wake", "pass  # wake", _WAKEUP),
    _process(
        "            self._listener.close()\n            self._listener = None\n",
        "            self._listener.close()\n",
        f"{_WAKEUP}::test_a_broken_listener_is_replaced_and_missed_rows_are_found",
    ),
    _process(
        "            self._next_poll_at = 0.0\n            self._interrupt_sleep()\n",
        "            self._interrupt_sleep()\n",
        f"{_WAKEUP}::test_rescued_rows_are_published_without_a_wakeup",
    ),
    _process(
        "            self._next_poll_at = 0.0\n            self._interrupt_sleep()\n",
        "            self._next_poll_at = 0.0\n",
        f"{_WAKEUP}::test_rescued_rows_are_published_without_a_wakeup",
    ),
    _process(
        "            if wait <= 0:\n                self.lanes[lane].wake()",
        "            if wait <= 0:\n                pass",
        f"{_WAKEUP}::test_rows_missed_by_a_silent_listener_are_found_by_polling",
    ),
    _lane(
        "            if rows == self._batch_rows:\n",
        "            if False:\n",
        f"{_WAKEUP}::test_one_wakeup_is_enough_for_more_than_a_batch",
    ),
    _process("min(loop.failing_seconds for", "max(loop.failing_seconds for", _PROCESS),
    _health(
        "                delete_relay(connection, self._id)\n", "                pass\n", _PROCESS
    ),
    _process("            return 1  # its row", "            return 0  # its row", _PROCESS),
]

_RESCUING = [
    _rescue(
        "        notify_changed(connection, [one.calculation_id for one in expired])\n",
        "",
        _RAN_OUT,
    ),
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
        "self._unavailable_queues.add(lane)\n            self._empty_since.pop(lane, None)\n",
        "self._unavailable_queues.add(lane)\n",
        f"{_RELAY}::test_a_queue_that_cannot_be_counted_is_not_taken_for_empty",
    ),
    _rescue(
        "_CHUNKS_GRACE_SECONDS = 120.0",
        "_CHUNKS_GRACE_SECONDS = 0.0",
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
    _health("and silent_seconds < _UNHEALTHY_SECONDS", "", _HEALTH_FILE),
    _health("if healthy_at is not None and silent", "if silent", _HEALTH_FILE),
    _health("        if problem is None:\n", "        if True:\n", _HEALTH_FILE),
    _health("content.ljust(_LENGTH_BYTES)", "content", _HEALTH_FILE),
    _health("                return opened.read()\n", "                pass\n", _HEALTH_FILE),
]

_LOOP = "unit/gateway/relay/test_loop.py"
_loop = partial(mutation, "gateway/relay/loop.py")

_GOING_ON = [
    _loop("min(2 * self._retry_seconds, _LONGEST", "max(2 * self._retry_seconds, _LONGEST", _LOOP),
    _loop(
        "        self._retry_seconds = _RETRY_SECONDS\n        self._on", "        self._on", _LOOP
    ),
    _loop("                self._reset()\n", "", _LOOP),
    _loop(
        "DATABASE_ERRORS) and is_transient(error):",
        "DATABASE_ERRORS):",
        "integration/gateway/relay/test_relay_process.py::test_a_missing_column_is_logged_as_a_bug",
    ),
    _loop("        if self._failing_since is None:\n", "        if True:\n", _LOOP),
    _loop("self.problem = self._failing_since = None", "self.problem = None", _LOOP),
    _loop("        if problem not in logged:\n", "        if True:\n", _LOOP),
    _loop("        if problem != self.problem:\n", "        if True:\n", _LOOP),
    _loop("        self._on_end()\n", "", _LOOP),
    _process(
        "problems, self._rescue_loop.problem",
        "problems, None",
        f"{_PROCESS}::test_a_rescue_that_fails_is_reported_in_the_health_file",
    ),
]

MUTATIONS = [*_GOING_ON, *_PUBLISHING, *_WAKING, *_RESCUING, *_DEAD_LETTERS, *_HEALTH]
