"""What is refused because of the work that is queued, and what is not."""

import asyncio
import dataclasses

import pytest
from sqlalchemy import text

from gateway.access.caller import ANYBODY, Caller
from shared.calculation import Lane
from shared.errors import KeyLimitReached, QueueFull, QueueLimitExceeded
from shared.keys.api_key import KeyLimits
from shared.keys.scope import Scope
from shared.store import new_calculations, quick
from shared.store.results.chunks import prune_result
from tests.factories import make_calculation, make_result
from tests.integration.rows import cancel, claim, status_of
from tests.integration.submitting import run_submission

#: Of five calculations as `charged` makes them.
SECONDS, BYTES = 10.0, 500


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Have a sum formed whenever something would be refused."""
    monkeypatch.setattr("gateway.admission.queued_work.FRESH_SECONDS", 0.0)
    monkeypatch.setattr("gateway.admission.queued_work.URGENT_SHARE", 1e9)


@pytest.fixture
def limited(store_settings):
    return dataclasses.replace(store_settings, max_queued_seconds=SECONDS)


def charged(n, seconds=2.0, size=100):
    return make_calculation(
        arguments={"n": 300_000 + n}, charged_seconds=seconds, charged_bytes=size
    )


def several(*numbers):
    return [charged(n) for n in numbers]


def key(name, **limits):
    return Caller(name, frozenset({Scope.SUBMIT}), KeyLimits(**limits))


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


def test_what_exceeds_the_limit_is_refused_and_nothing_is_stored(run, limited, count):
    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4))
        with pytest.raises(QueueFull) as refusal:
            await batch(several(5, 6))
        await submit(charged(7))
        with pytest.raises(QueueFull):
            await submit(charged(8))
        return refusal.value

    refusal = run(limited, scenario)
    assert (refusal.unit, refusal.limit) == ("seconds", SECONDS)
    assert (refusal.used, refusal.needed) == (8.0, 4.0)
    assert refusal.retry_after_seconds >= 1
    assert count() == 5


def test_bytes_are_limited_as_seconds_are(run, store_settings, count):
    settings = dataclasses.replace(store_settings, max_queued_bytes=BYTES)

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5))
        with pytest.raises(QueueFull) as refusal:
            await submit(charged(6))
        return refusal.value

    assert run(settings, scenario).unit == "bytes"
    assert count() == 5


def test_many_at_once_do_not_pass_the_limit(run, limited, count):
    async def scenario(submit, _batch):
        answers = (submit(charged(n)) for n in range(200))
        return await asyncio.gather(*answers, return_exceptions=True)

    answers = run(limited, scenario)
    assert sum(isinstance(answer, QueueFull) for answer in answers) == 195
    assert count() == 5


def test_what_exists_is_answered_when_the_queue_is_full(run, limited, engine):
    with engine.begin() as connection:
        done, *queued = several(1, 2, 3, 4, 5, 6)
        new_calculations.insert_queued(connection, [done, *queued], "request")
        quick.finish_quick_succeeded(connection, {done.id: make_result()})

    async def scenario(submit, batch):
        with pytest.raises(QueueFull):
            await submit(charged(7))
        rows = [await submit(one) for one in (done, queued[0])]
        receipt = await batch([done, *queued])
        with pytest.raises(QueueFull) as refusal:
            await batch([done, *queued, charged(8)])
        return rows, receipt, refusal.value

    rows, receipt, refusal = run(limited, scenario)
    assert [row.status for row in rows] == ["succeeded", "queued"]
    assert receipt.accepted == 0
    assert refusal.needed == 2.0


def test_in_a_batch_only_new_work_is_charged_and_equal_calculations_once(run, limited, count):
    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4))
        receipt = await batch(several(1, 2, 3, 4, 5, 5, 5))
        with pytest.raises(QueueFull):
            await submit(charged(6))
        return receipt

    assert run(limited, scenario).accepted == 1
    assert count() == 5


def test_what_existed_is_not_counted_twice(run, limited, count, monkeypatch):
    """Also while there is room, and no sum corrects it."""
    monkeypatch.setattr("gateway.admission.queued_work.FRESH_SECONDS", 1e9)

    async def scenario(submit, batch):
        for _ in range(9):
            await submit(charged(1))
            await batch(several(1, 2))
        await batch(several(3, 4, 5))

    run(limited, scenario)
    assert count() == 5


@pytest.mark.parametrize("state", ["cancelled", "failed", "pruned"])
def test_revived_calculations_are_new_work(run, limited, engine, state):
    revived, *queued = several(1, 2, 3, 4, 5, 6)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [revived, *queued], "request")
        if state == "cancelled":
            cancel(connection, revived)
        elif state == "failed":
            quick.finish_quick_failed(connection, {revived.id: "{}"})
        else:
            quick.finish_quick_succeeded(connection, {revived.id: make_result()})
            prune_result(connection, revived.id)
        before = status_of(connection, revived)

    async def scenario(submit, batch):
        for refused in (submit(revived), batch([*queued, revived])):
            with pytest.raises(QueueFull):
                await refused
        with engine.begin() as connection:
            assert status_of(connection, revived) == before
            cancel(connection, queued[0])
        assert (await submit(revived)).status == "queued"
        with pytest.raises(QueueFull):
            await submit(queued[0])

    run(limited, scenario)


def test_a_withdrawn_cancel_is_no_new_work(run, limited, engine):
    made = [dataclasses.replace(one, lane=Lane.HEAVY) for one in several(1, 2, 3, 4, 5)]
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made, "request")
        claim(connection, made[0])
        cancel(connection, made[0])

    async def scenario(submit, _batch):
        with pytest.raises(QueueFull):
            await submit(charged(6))
        return await submit(made[0])

    row = run(limited, scenario)
    assert (row.status, row.cancel_requested) == ("running", False)


def test_what_alone_exceeds_the_limit_never_fits(run, limited, engine, count):
    large = charged(1, seconds=SECONDS + 1)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [large], "request")

    async def scenario(submit, batch):
        assert (await submit(large)).status == "queued"
        with pytest.raises(QueueLimitExceeded) as refusal:
            await submit(charged(2, seconds=SECONDS + 1))
        with pytest.raises(QueueLimitExceeded) as of_batch:
            await batch(several(*range(10, 16)))
        return refusal.value, of_batch.value

    one, of_batch = run(limited, scenario)
    assert (one.calculations, of_batch.calculations) == (1, 6)
    assert count() == 1


def test_what_never_fits_is_said_before_what_does_not_fit_now(run, store_settings):
    settings = dataclasses.replace(
        store_settings, max_queued_bytes=BYTES, key_max_queued_seconds=SECONDS
    )

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5), key("a"))
        with pytest.raises(QueueLimitExceeded) as refusal:
            await submit(charged(6, size=BYTES + 1), key("a"))
        with pytest.raises(KeyLimitReached):
            await submit(charged(6), key("a"))
        return refusal.value

    refusal = run(settings, scenario)
    assert (refusal.unit, refusal.key_name) == ("bytes", None)


def test_a_limit_may_be_lowered_below_what_is_queued(run, limited, engine):
    made = several(*range(10))
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made, "request")

    async def scenario(submit, _batch):
        with pytest.raises(QueueFull) as refusal:
            await submit(charged(20))
        assert refusal.value.used == 20.0
        with engine.begin() as connection:
            results = {one.id: make_result() for one in made[:6]}
            quick.finish_quick_succeeded(connection, results)
        await submit(charged(20))

    run(limited, scenario)


def test_another_gateways_work_counts_with_the_next_sum(run, limited):
    async def scenario(submit, _batch):
        await submit(charged(1))

        async def other(_submit, batch):
            await batch(several(2, 3, 4, 5))

        await asyncio.to_thread(run, limited, other)
        answers: list[object] = []
        for n in range(6, 1_000):  # some pass before the next sum
            answers += await asyncio.gather(submit(charged(n)), return_exceptions=True)
            if isinstance(answers[-1], QueueFull):
                return
        pytest.fail(f"all of them were accepted: {answers}")

    run(limited, scenario)


def test_what_was_computed_meanwhile_makes_room(run, limited, engine):
    made = several(1, 2, 3, 4, 5)

    async def scenario(submit, batch):
        await batch(made)
        with engine.begin() as connection:
            quick.finish_quick_succeeded(connection, {one.id: make_result() for one in made})
        for n in range(10, 15):
            await submit(charged(n))

    run(limited, scenario)


def test_a_key_has_limits_of_its_own(run, store_settings, count):
    settings = dataclasses.replace(
        store_settings, max_queued_seconds=2 * SECONDS, key_max_queued_seconds=SECONDS
    )
    blue, green = key("shop-blue"), key("shop-green")
    strict, generous = key("strict", max_unfinished=1), key("generous", max_queued_seconds=99.0)

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5), blue)
        refusals = []
        for made, caller in ((several(6), blue), (several(11, 12), strict)):
            with pytest.raises((KeyLimitReached, QueueLimitExceeded)) as refusal:
                await batch(made, caller)
            refusals.append(refusal.value)
        await submit(charged(11), strict)
        with pytest.raises(KeyLimitReached):
            await submit(charged(12), strict)
        await submit(charged(21), green)
        await batch(several(31, 32, 33), generous)
        with pytest.raises(QueueFull):
            await submit(charged(34), generous)
        with pytest.raises(QueueFull):
            await submit(charged(22), green)
        # Another key of the same name has the same sum.
        with pytest.raises(KeyLimitReached):
            await submit(charged(7), key("shop-blue", max_queued_bytes=500))
        return refusals

    of_blue, of_strict = run(settings, scenario)
    assert (of_blue.key_name, of_blue.unit, of_blue.used) == ("shop-blue", "seconds", 10.0)
    assert (of_strict.unit, of_strict.limit, of_strict.needed) == ("calculations", 1, 2)
    assert count() == 10


def test_without_a_key_only_the_whole_is_limited(run, store_settings):
    settings = dataclasses.replace(
        store_settings, key_max_queued_seconds=1.0, max_queued_seconds=SECONDS
    )

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5))
        with pytest.raises(QueueFull):
            await submit(charged(6))

    run(settings, scenario)


def test_a_calculation_that_another_key_queued_counts_for_that_key(run, store_settings):
    settings = dataclasses.replace(store_settings, key_max_queued_seconds=SECONDS)

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5), key("a"))
        await batch(several(1, 2, 3, 4, 5, 6), key("b"))
        with pytest.raises(KeyLimitReached):
            await batch(several(1, 7), key("a"))
        await batch(several(1, 8), key("b"))

    run(settings, scenario)


INLINE = {"n": 1_000}


def test_what_is_computed_in_its_request_is_free(run, limited):
    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5))
        return await submit(make_calculation(arguments=INLINE, charged_seconds=99.0))

    assert run(limited, scenario).status == "succeeded"


def test_what_could_not_be_computed_in_its_request_is_charged(run, limited, count, monkeypatch):
    monkeypatch.setattr("gateway.server.threads.WatchedThreads.is_stuck", True)

    async def scenario(submit, batch):
        await batch(several(1, 2, 3, 4, 5))
        with pytest.raises(QueueFull):
            await submit(make_calculation(arguments=INLINE, charged_seconds=2.0))

    run(limited, scenario)
    assert count() == 5


@pytest.mark.parametrize("keys", [ANYBODY, key("a")])
def test_without_limits_nothing_is_summed_for_the_quick_lane(
    run, store_settings, monkeypatch, keys
):
    summed: list[object] = []
    monkeypatch.setattr("gateway.admission.queued_work.sum_queued_work", summed.append)

    async def scenario(submit, batch):
        await submit(charged(1), keys)
        await batch(several(2, 3), keys)
        await asyncio.sleep(0)

    run(store_settings, scenario)
    assert not summed
