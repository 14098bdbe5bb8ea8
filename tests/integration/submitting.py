"""Submissions as a gateway process makes them, without HTTP."""

import asyncio

from gateway.access.caller import ANYBODY
from gateway.admission.admission import Admission
from gateway.database.database import Database
from gateway.server.threads import ComputeThreads
from gateway.submission.plan import Planner
from gateway.submission.submit import Submission
from gateway.waiting.lookup import Lookup
from gateway.waiting.waiters import Waiters
from shared.calculator import Calculator
from shared.metrics.counters import Counters
from tests.engines import autocommit, make_pool


def submit(engine, settings, registry, calculation, times=1):
    """Submit one calculation `times` times together; return the rows."""

    async def all_at_once(submission):
        rows = (submission.submit(calculation, ANYBODY, "request") for _ in range(times))
        return await asyncio.gather(*rows)

    return run_submission(engine, settings, registry, all_at_once)


def submit_batch(engine, settings, registry, calculations):
    """Submit a batch; return its receipt."""
    return run_submission(
        engine,
        settings,
        registry,
        lambda submission: submission.submit_batch(calculations, ANYBODY, "request"),
    )


def run_submission(engine, settings, registry, use):
    """Return what `use` returns for the submission of a gateway process."""
    pool = make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        planner = Planner(registry, settings)
        lookup = Lookup(database, Waiters(database))
        threads = ComputeThreads()
        admission = Admission(database, settings)
        submission = Submission(
            database, planner, Calculator(), lookup, threads, admission, Counters()
        )
        try:
            return await use(submission)
        finally:
            threads.close()
            pool.close()

    return asyncio.run(main())
