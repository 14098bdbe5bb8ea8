"""A key has limits of its own, beside those of all."""

import dataclasses

import pytest

from shared.errors import KeyLimitReached, QueueFull, QueueLimitExceeded
from tests.integration.gateway.admission.charging import SECONDS, charged, key, several


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
