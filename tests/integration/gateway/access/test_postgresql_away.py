"""While PostgreSQL does not answer, a key is neither called wrong nor believed for ever."""

import asyncio

import pytest

from compose.services import free_port
from shared.config import load_settings
from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.gateway.routes.test_errors_and_caches import missing


def assert_unavailable(answer):
    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"] == "urn:reckoner:problem:unavailable"


def test_away_from_the_beginning_no_key_can_be_told_from_another(engine, gateway):
    away = load_settings(
        {
            "database_url": f"postgresql+psycopg2://r@127.0.0.1:{free_port()}/r",
            "broker_url": "amqp://127.0.0.1:1/%2F",
            "keys": "on",
        }
    )
    key = make_key(engine)

    async def scenario(client):
        return [
            await client.ask("GET", "/functions", authorization=header)
            for header in (bearer(key), "Bearer nonsense", None)
        ]

    right, malformed, without = gateway(scenario, away)
    assert_unavailable(right)
    # These need nobody to be asked.
    assert (malformed.status, without.status) == (401, 401)


@pytest.mark.usefixtures("frequent_refresh")
def test_away_for_a_moment_known_keys_count_and_unknown_ones_are_not_called_wrong(
    engine, gateway, monkeypatch
):
    key, unknown = make_key(engine), make_key(engine)

    async def scenario(client):
        assert (await client.ask("GET", "/functions", authorization=bearer(key))).status == 200
        with missing(engine, "api_keys"):
            wrong = f"Bearer rk_{unknown.id}_{'0' * 64}"
            short = [
                await client.ask("GET", "/functions", authorization=header)
                for header in (bearer(key), wrong)
            ]
            with monkeypatch.context() as patch:
                patch.setattr("gateway.access.key_ring.MAX_KEYS_SECONDS", 0.1)
                await asyncio.sleep(0.2)
                long = await client.ask("GET", "/functions", authorization=bearer(key))
        later = await client.ask("GET", "/functions", authorization=bearer(key))
        return *short, long, later

    known, guess, long, later = gateway(scenario)
    assert known.status == 200
    assert_unavailable(guess)
    assert_unavailable(long)
    assert later.status == 200
