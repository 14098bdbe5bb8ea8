"""A gateway whose keys are on, and which reads them often."""

import asyncio
import dataclasses

import pytest

from tests.asgi import serving


@pytest.fixture
def keyed(store_settings):
    """Settings with keys on."""
    return dataclasses.replace(store_settings, keys="on")


@pytest.fixture
def frequent_refresh(monkeypatch):
    """Let keys be read all the time, for tests that wait for a revocation."""
    monkeypatch.setattr("gateway.access.key_ring._REFRESH_SECONDS", 0.02)
    monkeypatch.setattr("gateway.access.key_ring._PAUSE_SECONDS", 0.02)


@pytest.fixture
def gateway(keyed, registry):
    """Run a scenario with a client of a gateway whose keys are on."""

    def run(scenario, settings=keyed):
        async def main():
            async with serving(settings, registry) as client, asyncio.timeout(60):
                return await scenario(client)

        return asyncio.run(main())

    return run
