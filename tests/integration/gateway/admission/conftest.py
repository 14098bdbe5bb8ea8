"""Submissions to a gateway whose queue is limited."""

import dataclasses

import pytest
from sqlalchemy import text

from gateway.access.caller import ANYBODY
from tests.integration.gateway.admission.charging import SECONDS
from tests.integration.submitting import run_submission


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Have a sum formed whenever something would be refused."""
    monkeypatch.setattr("gateway.admission.queued_work.FRESH_SECONDS", 0.0)
    monkeypatch.setattr("gateway.admission.queued_work.URGENT_SHARE", 1e9)


@pytest.fixture
def limited(store_settings):
    return dataclasses.replace(store_settings, max_queued_seconds=SECONDS)


@pytest.fixture
def run(engine, registry):
    """Run a scenario with `submit(calculation, caller)` and `batch(calculations, caller)`."""

    def run(settings, scenario):
        async def main(submission):
            async def submit(calculation, caller=ANYBODY):
                return await submission.submit(calculation, caller, "request")

            async def batch(made, caller=ANYBODY):
                return await submission.submit_batch(made, caller, "request")

            return await scenario(submit, batch)

        return run_submission(engine, settings, registry, main)

    return run


@pytest.fixture
def count(engine):
    def count():
        with engine.begin() as connection:
            return connection.execute(text("SELECT count(*) FROM calculations")).scalar_one()

    return count
