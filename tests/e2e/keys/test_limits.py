"""What is refused because of what is queued."""

import httpx
import pytest
from sqlalchemy import text

from tests.e2e.keys.api_keys import bearer, insert_key
from tests.e2e.keys.keyed import (
    FINISHED_N,
    MAX_QUEUED_SECONDS,
    long,
    submit,
    submit_batch,
)
from tests.eventually import eventually

pytestmark = pytest.mark.slow


def test_a_key_at_its_limit_gets_429_and_another_key_goes_on(keyed):
    limited = bearer(insert_key(keyed.database, "limited", max_unfinished=1))
    first, second = long(), long()
    with httpx.Client(base_url=keyed.stack.url, headers=limited, timeout=30) as client:
        assert submit(client, first).status_code == 202
        for answer in (submit(client, second), submit_batch(client, second)):
            assert answer.status_code == 429, answer.text
            assert int(answer.headers["Retry-After"]) >= 1
            problem = answer.json()
            assert problem["type"] == "urn:reckoner:problem:key-limit"
            assert (problem["unit"], problem["limit"]) == ("calculations", 1)
            # What was stored while a sum was formed counts twice until the next one.
            assert problem["used"] in (1, 2)
        # What exists is answered, and what is cheap is computed.
        assert submit(client, first).status_code == 202
        assert submit(client, 90).status_code == 200
    with keyed.client() as client:
        assert submit(client, second).status_code == 202

        def admission():
            return client.get("/system").json()["admission"]

        eventually(lambda: admission()["keys"]["limited"]["calculations"] == 1, what="the sum")
        assert admission()["limits"]["queued_seconds"] == MAX_QUEUED_SECONDS


def test_a_full_queue_is_a_503_for_every_key_and_what_exists_is_answered(keyed):
    with keyed.client() as client:
        existing = submit(client, long()).headers["Location"].rpartition("/")[2]
        charge(keyed, existing, MAX_QUEUED_SECONDS)
        try:
            refused = eventually(lambda: _refused(submit(client, long())), what="a full queue")
            assert int(refused.headers["Retry-After"]) >= 1
            assert refused.json()["type"] == "urn:reckoner:problem:queue-full"
            assert client.get(f"/calculations/{existing}").json()["status"] == "queued"
            assert submit(client, FINISHED_N).status_code == 200
        finally:
            charge(keyed, existing, 0)


def charge(keyed, identity, seconds):
    with keyed.database.begin() as connection:
        connection.execute(
            text("UPDATE calculations SET charged_seconds = :seconds WHERE id = :id"),
            {"seconds": seconds, "id": identity},
        )


def _refused(answer):
    return answer if answer.status_code == 503 else None
