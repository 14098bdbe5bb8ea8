"""Submissions to the heavy lane get a place that depends on what their key has there."""

import pytest
from sqlalchemy import text

from gateway.access.caller import Caller
from shared.calculation import Lane
from shared.keys.api_key import NO_LIMITS
from shared.keys.scope import Scope
from tests.factories import make_calculation
from tests.integration.outbox import add_slots
from tests.integration.submitting import run_submission

FLOOD, OTHER = (Caller(name, frozenset(Scope), NO_LIMITS) for name in ("flood", "other"))


def make(n, seconds):
    return make_calculation(arguments={"n": n}, lane=Lane.HEAVY, charged_seconds=seconds)


def places(engine):
    """Return the numbers of the calculations in the order in which the relay takes them."""
    with engine.begin() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT (arguments_text::json ->> 'n')::integer FROM calculations"
                    " ORDER BY coalesce(sort_at, created_at)"
                )
            ).scalars()
        )


@pytest.mark.parametrize("is_batch", [True, False], ids=["batch", "single"])
def test_new_work_goes_ahead_of_a_flood_of_its_key_if_small_and_of_another_key(
    engine, store_settings, registry, is_batch
):
    async def submit(submission, caller, *calculations):
        if is_batch:
            await submission.submit_batch(calculations, caller, "request")
        else:
            for calculation in calculations:
                await submission.submit(calculation, caller, "request")

    async def scenario(submission):
        await submit(submission, FLOOD, *[make(n, 60) for n in range(10)])
        await submit(submission, FLOOD, make(100, 60))
        await submit(submission, FLOOD, make(101, 2))
        await submit(submission, OTHER, make(200, 60), make(201, 60))

    run_submission(engine, store_settings, registry, scenario)
    order = places(engine)
    assert order[0] == 101
    assert order.index(200) < order.index(201) < order.index(5)
    assert [n for n in order if n < 200][1:] == [*range(10), 100]


def test_what_is_queued_again_has_a_new_place(engine, store_settings, registry):
    async def scenario(submission):
        calculation = make(1, 60)
        await submission.submit(calculation, FLOOD, "request")
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE calculations SET status = 'cancelled', error = '{}', sort_at = now(),"
                    " finished_at = now()"
                )
            )
        await submission.submit_batch([make(2, 64)], FLOOD, "request")
        await submission.submit(calculation, FLOOD, "request")

    run_submission(engine, store_settings, registry, scenario)
    with engine.begin() as connection:
        ahead = connection.execute(
            text(
                "SELECT extract(epoch FROM sort_at - not_before)::float FROM calculations"
                " WHERE charged_seconds = 60"
            )
        ).scalar_one()
    # Its key has a larger one, which is not ahead of it, and is active.
    assert ahead >= 60


def test_a_gateway_that_has_just_started_knows_what_is_queued(engine, store_settings, registry):
    for n in (1, 2):
        run_submission(
            engine,
            store_settings,
            registry,
            lambda submission, n=n: submission.submit(make(n, 3_000), FLOOD, "request"),
        )
    with engine.begin() as connection:
        delays = connection.execute(
            text(
                "SELECT extract(epoch FROM sort_at - created_at)::float FROM calculations"
                " ORDER BY created_at"
            )
        ).scalars()
        # Once alone, and once behind the other as the second active key would be.
        assert list(delays) == [pytest.approx(3_000), pytest.approx(2 * 6_000)]


def test_places_lag_as_publication_does(engine, store_settings, registry):
    add_slots(engine, Lane.HEAVY, 1)

    async def scenario(submission):
        await submission.submit(make(1, 60), FLOOD, "request")
        await submission.submit(make(2, 60), FLOOD, "request")
        with engine.begin() as connection:
            connection.execute(text("UPDATE calculations SET sort_at = sort_at - interval '1 day'"))

    run_submission(engine, store_settings, registry, scenario)
    run_submission(
        engine, store_settings, registry, lambda s: s.submit(make(3, 1), OTHER, "request")
    )
    assert places(engine) == [1, 3, 2]


def test_however_much_is_queued_there_is_a_place_that_can_be_stored(
    engine, store_settings, registry
):
    async def scenario(submission):
        longest = [make(n, 1e12) for n in range(20)]  # the largest estimate
        await submission.submit_batch(longest, FLOOD, "request")
        await submission.submit(make(20, 1e12), FLOOD, "request")
        await submission.submit(make(21, 60), FLOOD, "request")

    run_submission(engine, store_settings, registry, scenario)
    assert len(places(engine)) == 22
    assert places(engine)[0] == 21
