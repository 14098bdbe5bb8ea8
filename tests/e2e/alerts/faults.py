"""Faults in a Reckoner that runs, each of which an alert notices, and their repair."""

from typing import Any

import httpx
import pika
from sqlalchemy import Engine, text

from shared.calculation import Lane
from shared.messages import dead_letter_queue_name, queue_name
from tests.e2e.alerts.prometheus import Prometheus
from tests.e2e.conftest import Stack
from tests.eventually import eventually

#: RECKONER_RETENTION_BYTES; five results of F(n) for n from 900,000 use 94 % of it.
RETENTION_BYTES = 1_000_000

#: The module that runs another in a hurry.
HURRIED = "tests.e2e.alerts.hurried"

_RELAY = f"{HURRIED} gateway.relay"


class Faults:
    """Makes faults, and repairs them as an operator would."""

    def __init__(
        self, stack: Stack, client: httpx.Client, database: Engine, broker_url: str
    ) -> None:
        self._stack = stack
        self._client = client
        self._database = database
        self._broker_url = broker_url
        self._odd = iter(range(1, 1_000_000, 2))

    def submit_work_that_no_worker_takes(self) -> None:
        """Submit what is heavy: there is no heavy worker."""
        self._submit([{"function": "is_heavy", "arguments": {"n": 1}}])

    def start_a_worker(self) -> None:
        self._stack.start(f"{HURRIED} workers heavy")

    def send_what_no_worker_understands(self) -> None:
        with pika.BlockingConnection(pika.URLParameters(self._broker_url)) as connection:
            connection.channel().basic_publish("", queue_name(Lane.QUICK), b"rubbish")

    def purge_dead_letters(self) -> None:
        with pika.BlockingConnection(pika.URLParameters(self._broker_url)) as connection:
            connection.channel().queue_purge(dead_letter_queue_name(Lane.QUICK))

    def have_calculations_fail(self, prometheus: Prometheus) -> None:
        """Have some fail, and more once Prometheus knows of them."""
        by_status = (
            'sum by (status) (reckoner_calculations_finished_total{function="fails_if_odd"})'
        )
        self._submit_to_a_function([0, next(self._odd)])
        eventually(lambda: len(prometheus.query(by_status)) == 2)
        self._submit_to_a_function([next(self._odd) for _ in range(20)])

    def have_more_succeed(self) -> None:
        self._submit_to_a_function(range(2, 1_000, 2))

    def store_much(self) -> None:
        numbers = range(900_000, 900_005)
        self._submit([{"function": "fibonacci", "arguments": {"n": n}} for n in numbers])

    def remove_much(self) -> None:
        """Remove it as `reckoner prune --forget` would, which waits until results are older."""
        with self._database.begin() as connection:
            connection.execute(text("DELETE FROM calculations WHERE result_digits > 100000"))

    def stop_the_relay(self) -> None:
        """And have something wait for it, for longer than anybody wants to test."""
        self._stack.stop(_RELAY)
        self._submit_to_a_function([2_000_000])
        with self._database.begin() as connection:
            done = connection.execute(
                text(
                    "UPDATE calculations SET not_before = not_before - interval '70 s', "
                    "created_at = created_at - interval '70 s' "
                    "WHERE status = 'queued' AND lane = 'quick' AND published_at IS NULL"
                )
            )
        assert done.rowcount == 1

    def start_the_relay(self) -> None:
        self._stack.start(_RELAY)

    def _submit_to_a_function(self, numbers: Any) -> None:
        self._submit([{"function": "fails_if_odd", "arguments": {"n": n}} for n in numbers])

    def _submit(self, calculations: list[dict[str, Any]]) -> None:
        """Queue them: of a batch, nothing is computed in the request."""
        answer = self._client.post("/calculations/batch", json={"calculations": calculations})
        assert answer.status_code == 202, answer.text
