"""What is refused because of the work that is queued, and what is not."""

import asyncio
import dataclasses

import pytest

from gateway.access.caller import ANYBODY
from shared.errors import KeyLimitReached, QueueFull, QueueLimitExceeded
from shared.store import new_calculations, quick
from tests.factories import make_result
from tests.integration.gateway.admission.charging import BYTES, SECONDS, charged, key, several


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
