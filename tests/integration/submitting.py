"""Submissions as a gateway process makes them, without HTTP."""

import asyncio

from gateway.database.database import Database
from gateway.database.looking import make_look
from gateway.submission.plan import Planner
from gateway.submission.submit import Submission
from shared.calculator import Calculator
from tests.engines import autocommit, make_pool


def submit(engine, settings, registry, calculation, times=1):
    """Submit one calculation so many times at once; return the rows."""

    async def all_at_once(submission):
        rows = (submission.submit(calculation, "request") for _ in range(times))
        return await asyncio.gather(*rows)

    return _run(engine, settings, registry, all_at_once)


def submit_batch(engine, settings, registry, calculations):
    """Submit a batch; return its receipt."""
    return _run(
        engine,
        settings,
        registry,
        lambda submission: submission.submit_batch(calculations, "request"),
    )


def _run(engine, settings, registry, use):
    pool = make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        planner = Planner(registry, settings)
        submission = Submission(database, planner, Calculator(), make_look(database))
        try:
            return await use(submission)
        finally:
            pool.close()

    return asyncio.run(main())
