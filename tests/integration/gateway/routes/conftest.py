"""The application in this process, for tests of several routes."""

import asyncio
import dataclasses

import pytest
from falcon import testing

from gateway.app import create_app


@pytest.fixture
def gateway(store_settings, registry):
    """Run a scenario against the application in this process."""

    def run(scenario, settings=store_settings):
        async def main():
            # Falcon's client addresses falconframework.org.
            app = create_app(dataclasses.replace(settings, allowed_hosts="*"), registry)
            async with testing.ASGIConductor(app) as client:
                return await scenario(client)

        return asyncio.run(asyncio.wait_for(main(), 60))

    return run


@pytest.fixture
def ready(gateway):
    """Ask for readiness; return the status and the document."""

    def ask():
        answer = gateway(lambda client: client.simulate_get("/health/ready"))
        return answer.status_code, answer.json

    return ask


@pytest.fixture
def system(gateway):
    return lambda: gateway(lambda client: client.simulate_get("/system")).json
