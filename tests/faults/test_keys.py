"""Keys on while PostgreSQL, which has them, and a gateway process, which knows them, go away."""

import os
import signal
from collections.abc import Iterator

import pytest

from compose.services import process_table
from shared.keys.credential import new_credential
from tests.eventually import eventually
from tests.faults.bounds import RETRY
from tests.faults.probes import Probes
from tests.faults.test_database import stop_at_once
from tests.faults.test_gateway import gateway, gateway_processes

_INSERT = """
    INSERT INTO api_keys (id, name, secret_sha256, scopes)
    VALUES (:id, :id, :sha256, ARRAY['read', 'submit', 'cancel', 'operate'])"""


@pytest.fixture
def header(stack) -> Iterator[str]:
    """The header of a key that may do everything; keys are on for one test."""
    credential = new_credential()
    stack.execute(_INSERT, id=credential.id, sha256=credential.sha256)
    authorization = f"Bearer {credential.text}"
    stack.client.headers["Authorization"] = authorization
    stack.program("gateway").always(keys="on")
    stack.supervisor.restart("gateway")
    stack.wait_ready()
    yield authorization
    stack.program("gateway").always(keys="off")
    stack.supervisor.restart("gateway")
    del stack.client.headers["Authorization"]


@pytest.mark.short
def test_no_outage_refuses_a_right_key_or_serves_without_one(stack, trial, header):
    """Not even by a process that starts while it cannot read the keys."""
    trial.load.use(Authorization=header)
    with (
        Probes(stack.url, Authorization=header) as with_key,
        Probes(stack.url) as without,
        Probes(stack.url, Authorization=f"Bearer {new_credential().text}") as with_wrong_key,
    ):
        trial.fill(heavy=5)
        trial.hit("PostgreSQL and all gateway processes killed, keys on", at_least_quick=1_000)
        stop_at_once(stack)
        victims = [e.pid for e in process_table.living() if e.parent == gateway(stack)]
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        eventually(lambda: gateway_processes(stack) == len(victims), what="others in their place")
        refusals = with_key.statuses[503]
        eventually(
            lambda: with_key.statuses[503] > refusals + 20,
            what="answers of processes that know no key yet",
        )
        stack.postgres.start()
        stack.postgres.wait_ready()
        trial.clock()
        trial.resumes(RETRY)
        served, refused = with_key.statuses[200], without.statuses[401]
        eventually(lambda: with_key.statuses[200] > served + 20)
        eventually(lambda: without.statuses[401] > refused + 20)
    assert with_key.statuses.keys() <= {200, 202, 503}
    assert without.statuses.keys() <= {401, 503}
    assert with_wrong_key.statuses.keys() <= {401, 503}
    trial.end()
