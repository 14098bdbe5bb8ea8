"""Faults in the workers: what is acknowledged when, what each lane takes, and presence."""

from functools import partial

from tests.mutants.mutation import mutation

_ADMISSION = "unit/workers/quick/test_admission.py"
_CONSUMER = "integration/workers/broker/test_consumer.py"
_HEAVY = "integration/workers/heavy"
_HANDING_BACK = "integration/workers/test_handing_back.py"
_QUICK_RESULTS = "integration/workers/quick/test_results.py"
_MESSAGES = "integration/workers/quick/test_messages.py"
_ACKNOWLEDGED = "integration/workers/quick/test_acknowledgements.py"
_SLOTS = "unit/workers/broker/test_slots.py"
_COMMAND = "integration/workers/test_dramatiq_command.py"
_ENDS = "integration/workers/test_lifecycle.py"
_LIFECYCLE = "unit/workers/test_lifecycle.py"
_ROW = "integration/workers/test_presence.py"
_START = "integration/workers/test_worker_start.py"
_TOLD = "integration/workers/heavy/test_notifications.py"

_COMMITTED = f"{_ACKNOWLEDGED}::test_a_message_is_acknowledged_after_its_result_is_committed"
_CLAIMED = f"{_HEAVY}/test_leases.py::test_a_claim_is_committed_before_its_message_is_acknowledged"
_KILLS = f"{_MESSAGES}::test_a_message_that_was_redelivered_too_often_goes_to_the_heavy_lane"
_UNSTORED = (
    f"{_ACKNOWLEDGED}::test_a_result_that_cannot_be_stored_is_dead_lettered_and_delays_no_other"
)
_WHOLE = f"{_HEAVY}/test_results.py::test_a_result_is_stored_whole_and_once"

_admission = partial(mutation, "workers/quick/admission.py")
_consumer = partial(mutation, "workers/broker/consumer.py")
_group = partial(mutation, "workers/quick/group_commit.py")
_heavy = partial(mutation, "workers/heavy/actor.py")
_lifecycle = partial(mutation, "workers/lifecycle.py")
_presence = partial(mutation, "workers/presence.py")
_quick = partial(mutation, "workers/quick/actor.py")
_tags = partial(mutation, "workers/broker/delivery_tags.py")
_slots = partial(mutation, "workers/broker/slots.py")

_DELIVERIES = [
    _heavy(
        "            lease = self._claim(work)\n",
        "            delivery.acknowledge()\n            lease = self._claim(work)\n",
        _CLAIMED,
    ),
    _heavy(
        "            delivery.is_detached = True\n            return\n",
        "            return\n",
        f"{_HEAVY}/test_leases.py::test_a_claim_that_cannot_be_written_leaves_its_message_to_others",
    ),
    mutation(
        "shared/store/leases.py",
        "AS arguments, {NOTIFYING_CHANGED}",
        "AS arguments",
        _TOLD,
    ),
    _heavy(
        "if not must_run_alone(lease.claim.earlier_outcomes):",
        "if True:",
        f"{_HEAVY}/test_retries.py::test_after_memory_ran_out_a_calculation_has_its_worker_to_itself",
    ),
    _heavy(
        "            self._leases.drop(lease)\n",
        "            pass\n",
        f"{_HEAVY}/test_results.py::test_a_result_is_stored_whole_and_once",
    ),
    _heavy(
        "            self._children.prepare()  # now",
        "            pass  # now",
        f"{_HEAVY}/test_results.py::test_a_real_function_runs_in_a_real_worker",
    ),
    _slots("self._used == self._waiting", "self._used >= self._waiting", _SLOTS),
    _slots(
        "self._closed or self._waiting or self._is_alone", "self._closed or self._waiting", _SLOTS
    ),
    _slots(
        "self._closed or self._waiting or self._is_alone", "self._closed or self._is_alone", _SLOTS
    ),
    _slots("                if give_up():\n", "                if False:\n", _SLOTS),
    _slots(
        "            self._channel.basic_cancel(subscription)\n",
        "",
        f"{_HEAVY}/test_slots.py::test_a_busy_worker_holds_no_message_that_another_could_run",
    ),
    _slots(
        "        super().nack(message)\n        self._free(message)\n",
        "        super().nack(message)\n",
        f"{_HEAVY}/test_slots.py::test_messages_that_the_actor_refuses_cost_no_slot",
    ),
    _consumer(
        "self._channel.basic_ack(up_to, multiple=True)",
        "self._channel.basic_ack(up_to)",
        _CONSUMER,
    ),
    _tags("if tag > self._settled_up_to]", "if False]", _CONSUMER),
    _tags("if tag <= self._settled_up_to]", "if tag < self._settled_up_to]", _CONSUMER),
    _consumer("basic_nack(tag, requeue=requeue)", "basic_nack(tag, requeue=True)", _CONSUMER),
    _consumer(
        "if self._arrived or self._tags.outstanding or not", "if self._arrived or not", _CONSUMER
    ),
    _consumer("            self._broker.note_consuming()\n", "", _CONSUMER),
    _consumer(
        "        if not message.is_detached:\n            message.consumer.acknowledge",
        "        if True:\n            message.consumer.acknowledge",
        _COMMITTED,
    ),
    _consumer("redeliveries if isinstance(redeliveries, int) else 0", "0", _KILLS),
    _group("if finished.is_refused or any(", "if finished.is_refused or all(", _UNSTORED),
    _group("            if len(outcomes) > 1:\n", "            if False:\n", _UNSTORED),
    _group(
        "                delivery.consumer.refuse(delivery.tag)\n",
        "                pass\n",
        _UNSTORED,
    ),
    _group("            return {work.calculation_id}\n", "            return set()\n", _UNSTORED),
    _group(
        "            self._waiting_bytes -= size\n",
        "",
        f"{_QUICK_RESULTS}::test_computing_waits_while_too_many_results_wait_for_their_commit",
    ),
    _group(
        "        finished.delivery.is_detached = True\n",
        "",
        f"{_ACKNOWLEDGED}::test_results_that_a_stopping_worker_cannot_store_are_computed_by_another",
    ),
    _quick(
        "delivery.redeliveries >= self._max_redeliveries",
        "delivery.redeliveries > self._max_redeliveries",
        _KILLS,
    ),
    _quick(
        "                notify_outbox(connection, [Lane.HEAVY])\n",
        "",
        f"{_MESSAGES}::test_a_calculation_that_goes_to_the_heavy_lane_wakes_the_relay",
    ),
    _quick(
        "            delivery.is_detached = True  # without an answer it is redelivered\n",
        "",
        f"{_MESSAGES}::test_a_calculation_not_moved_to_the_heavy_lane_by_the_end_is_redelivered",
    ),
    _quick(
        "get(work.function, work.function_version)",
        "get(work.function)",
        f"{_HANDING_BACK}::test_a_bundle_is_computed_but_for_what_the_worker_lacks",
    ),
    _admission("estimate.seconds > self._quick", "estimate.seconds >= self._quick", _ADMISSION),
    _admission("estimate.bytes > self._memory", "estimate.bytes >= self._memory", _ADMISSION),
    _admission("bind_text(arguments_text)", "bind_text('{\"n\":1}')", _ADMISSION),
]

_PRESENCE = [
    _presence(
        "            self._thread.join(_CLOSING_SECONDS)\n",
        "            self._thread.join(0)\n",
        f"{_ROW}::test_a_heartbeat_under_way_does_not_put_a_deleted_row_back",
    ),
    _presence(
        "        if self._thread.is_alive():\n",
        "        if False:\n",
        f"{_ROW}::test_a_worker_whose_last_heartbeat_hangs_leaves_its_row",
    ),
    _presence(
        "                elif _lacks_table(error):\n",
        "                elif False:\n",
        f"{_START}::test_a_worker_waits_for_the_schema_and_logs_that",
    ),
    _presence(
        "                elif _lacks_table(error):\n",
        "                elif True:\n",
        "integration/postgres/outages/test_workers.py::test_presence_is_written_after_an_outage_and_a_bug_is_an_error",
    ),
]

_COME_TO = (
    "integration/gateway/relay/test_outbox.py::test_workers_of_both_lanes_report_their_watermark"
)

_LIFECYCLES = [
    _lifecycle("worker.worker_threads = self._lane.threads", "pass", _LIFECYCLE),
    _lifecycle("worker.queue_prefetch = self._lane.prefetch", "pass", _LIFECYCLE),
    _lifecycle("worker.workers if not thread.is_alive()]", "worker.workers]", _LIFECYCLE),
    _lifecycle('return "Could not register"', "return None", _ENDS),
    _lifecycle("            worker.broker.note_consuming()\n", "", _LIFECYCLE),
    _lifecycle("if self._status:\n            raise", "if False:\n            raise", _ENDS),
    mutation(
        "workers/app.py",
        "    end_this_process()\n    time.sleep",
        "    time.sleep",
        f"{_COMMAND}::test_workers_whose_main_process_is_killed_hand_their_work_back",
    ),
    mutation(
        "workers/broker/broker.py",
        "raise SendRefused(message.actor_name)",
        "return message",
        "unit/workers/test_actors.py",
    ),
]

_WATERMARKS = [
    _heavy("self.watermark.note(claim.published_at)", "pass", _COME_TO),
    _group("self.watermark.note(succeeded.published_at)", "pass", _COME_TO),
    _presence("consumed_published_at=self._watermark()", "consumed_published_at=None", _COME_TO),
    _presence("if published_at is not None:", "if self._last is None:", _COME_TO),
]


MUTATIONS = [*_LIFECYCLES, *_DELIVERIES, *_PRESENCE, *_WATERMARKS]
