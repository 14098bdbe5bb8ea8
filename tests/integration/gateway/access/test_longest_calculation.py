"""The longest calculation that a key may submit."""

import json

import pytest

from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.results import store_result

LONG = {"function": "fibonacci", "arguments": {"n": 30_000_000}}
SHORT = {"function": "fibonacci", "arguments": {"n": 77}}


def encoded(document):
    return json.dumps(document).encode()


@pytest.fixture
def limited(engine):
    return make_key(engine, name="limited", max_seconds=0.01)


def test_a_longer_one_is_refused_and_not_stored(limited, gateway):
    async def scenario(client):
        header = bearer(limited)
        batch = {"calculations": [SHORT, LONG]}
        answers = [
            await client.ask("POST", "/calculations", body=encoded(LONG), authorization=header),
            await client.ask(
                "POST", "/calculations/batch", body=encoded(batch), authorization=header
            ),
            await client.ask("GET", "/calculate/30000000", authorization=header),
        ]
        short = await client.ask("POST", "/calculations", body=encoded(SHORT), authorization=header)
        listed = await client.ask("GET", "/calculations", authorization=header)
        return answers, short, listed

    answers, short, listed = gateway(scenario)
    for answer in answers:
        assert answer.status == 403
        assert answer.json()["type"] == "urn:reckoner:problem:key-limit-seconds"
        assert answer.json()["limit_seconds"] == 0.01
        assert answer.json()["seconds"] > 0.01
    assert "/calculations/1 counts as" in answers[1].json()["detail"]
    assert short.status == 200
    assert len(listed.json()["calculations"]) == 1


def test_what_another_key_has_submitted_or_is_stored_is_answered(engine, limited, gateway):
    free = make_key(engine)
    stored, _ = store_result(engine, {"n": 400_000})
    exists = {"function": "fibonacci", "arguments": {"n": 400_000}}
    strict = make_key(engine, max_seconds=1e-9)

    async def scenario(client):
        await client.ask("POST", "/calculations", body=encoded(LONG), authorization=bearer(free))
        queued, found = [
            await client.ask("POST", "/calculations", body=encoded(one), authorization=bearer(key))
            for one, key in ((LONG, limited), (exists, strict))
        ]
        batch = await client.ask(
            "POST",
            "/calculations/batch",
            body=encoded({"calculations": [exists, LONG]}),
            authorization=bearer(strict),
        )
        await client.ask("DELETE", queued.headers["location"], authorization=bearer(free))
        cancelled = await client.ask(
            "POST", "/calculations", body=encoded(LONG), authorization=bearer(limited)
        )
        return queued, found, batch, cancelled

    queued, found, batch, cancelled = gateway(scenario)
    assert (queued.status, found.status, batch.status) == (202, 200, 202)
    assert found.json()["id"] == str(stored.id)
    assert batch.json()["existing"] == 2
    assert cancelled.status == 403  # it would be new work
