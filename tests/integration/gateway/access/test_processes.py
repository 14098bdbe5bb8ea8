"""Keys in a gateway of several processes, and what one says when it starts."""

import dataclasses
import logging

import httpx
import pytest

from gateway.__main__ import _warn_if_open
from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.gateway.server.running import running_gateway


@pytest.mark.slow
def test_the_processes_of_a_gateway_share_the_rate_of_a_key(engine, database_url):
    key = make_key(engine, rate_per_second=0.001)
    headers = {"Authorization": bearer(key)}
    with running_gateway(database_url, keys="on", gateway_processes=2) as (_, port):
        # Each on a connection of its own, so that both processes get some.
        headers["Connection"] = "close"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            answers = [client.get("/functions").status_code for _ in range(30)]
    assert sorted(answers) == [200] + [429] * 29


@pytest.mark.parametrize(
    ("environment", "keys", "warns"),
    [("production", "off", True), ("production", "on", False), ("development", "off", False)],
)
def test_a_gateway_in_production_whose_keys_are_off_says_so(
    store_settings, monkeypatch, caplog, environment, keys, warns
):
    monkeypatch.setenv("RECKONER_ENV", environment)
    with caplog.at_level(logging.WARNING):
        _warn_if_open(dataclasses.replace(store_settings, keys=keys))
    assert ("whoever can reach the service" in caplog.text) is warns
