"""While PostgreSQL does not answer, a key is neither called wrong nor believed for ever."""

import asyncio
import dataclasses
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import make_url

from compose.services import free_port
from shared.config import load_settings
from shared.keys.scope import Scope
from tests.faults.links import Link, Links
from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.gateway.routes.test_errors_and_caches import missing

_OF_OUTAGE = {"reckoner_database_up": 0, "reckoner_build_info": 1}


@pytest.fixture
def link(keyed) -> Iterator[Link]:
    """The way to PostgreSQL."""
    port = make_url(keyed.database_url).port
    assert port is not None
    links = Links()
    yield links.make(port)
    links.close()


def metrics_of(answer):
    assert answer.status == 200, answer.body
    families = text_string_to_metric_families(answer.body.decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


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


@pytest.mark.usefixtures("frequent_refresh")
def test_a_scrape_learns_of_the_outage_when_no_key_can_be_checked(
    engine, gateway, keyed, link, monkeypatch
):
    operator, reader = make_key(engine), make_key(engine, scopes=[Scope.READ])
    url = make_url(keyed.database_url).set(port=link.port)
    settings = dataclasses.replace(keyed, database_url=url.render_as_string(hide_password=False))

    async def scenario(client):
        async def ask(path, header):
            return await client.ask("GET", path, authorization=header)

        refused = await ask("/metrics", bearer(reader))
        before = await ask("/metrics", bearer(operator))
        link.refuse()
        with monkeypatch.context() as patch:
            patch.setattr("gateway.access.key_ring.MAX_KEYS_SECONDS", 0.1)
            await asyncio.sleep(0.2)
            scrapes = [await ask("/metrics", bearer(key)) for key in (operator, reader)]
            with patch.context() as busy:
                busy.setattr("gateway.access.key_ring.MAX_KEY_CHECKS", 0)
                scrapes.append(await ask("/metrics", bearer(operator)))
            others = [await ask("/system", bearer(operator)), await ask("/metrics", None)]
        link.repair()
        after = _OF_OUTAGE
        until = time.monotonic() + 30
        while after == _OF_OUTAGE and time.monotonic() < until:
            await asyncio.sleep(0.1)
            after = metrics_of(await ask("/metrics", bearer(operator)))
        assert len(after) > 10
        return refused, before, scrapes, others

    refused, before, scrapes, (system, without) = gateway(scenario, settings)
    assert refused.status == 403
    assert len(metrics_of(before)) > 10
    for scrape in scrapes:
        assert metrics_of(scrape) == _OF_OUTAGE
    assert_unavailable(system)
    assert without.status == 401
