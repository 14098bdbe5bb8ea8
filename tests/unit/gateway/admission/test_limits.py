"""Which limit a submission would exceed."""

import math

import pytest

from gateway.admission.limits import NO_LIMITS, Excess, Limits, limits_of_all, limits_of_key
from shared.config import load_settings
from shared.keys.api_key import NO_LIMITS as NO_KEY_LIMITS
from shared.keys.api_key import KeyLimits
from shared.store.totals.queued_work import NOTHING, Sums

LIMITS = Limits(10, 60.0, 1_000)


def settings(**values):
    urls = {"database_url": "postgresql+psycopg2://h/d", "broker_url": "amqp://h"}
    return load_settings({**urls, **values})


@pytest.mark.parametrize(
    ("used", "needed", "excesses"),
    [
        (NOTHING, Sums(10, 60.0, 1_000), []),
        (Sums(9, 59.0, 999), Sums(1, 1.0, 1), []),
        (Sums(10, 0.0, 0), Sums(1, 1.0, 1), [Excess("calculations", 10, 10, 1)]),
        (Sums(1, 59.5, 0), Sums(1, 1.0, 1), [Excess("seconds", 60.0, 59.5, 1.0)]),
        (Sums(1, 0.0, 999), Sums(1, 1.0, 2), [Excess("bytes", 1_000, 999, 2)]),
        (
            Sums(10, 60.0, 0),
            Sums(1, 1.0, 0),
            [Excess("calculations", 10, 10, 1), Excess("seconds", 60.0, 60.0, 1.0)],
        ),
    ],
)
def test_a_limit_is_the_most_there_may_be(used, needed, excesses):
    assert LIMITS.excesses(used, needed) == excesses


def test_what_adds_nothing_to_a_sum_is_not_refused_because_of_it():
    beyond = Sums(3, 99.0, 99_999)
    assert LIMITS.excesses(beyond, Sums(1, 0.0, 0)) == []
    assert LIMITS.excesses(beyond, NOTHING) == []
    assert LIMITS.excesses(beyond, Sums(1, 0.001, 0)) != []


def test_without_limits_nothing_is_refused():
    assert NO_LIMITS.are_none
    assert NO_LIMITS.excesses(Sums(10**9, 1e12, 1e18), Sums(10**9, 1e12, 1e18)) == []
    assert not LIMITS.are_none


def test_zero_is_no_limit():
    assert limits_of_all(settings()).are_none
    set_limits = settings(max_queued_seconds=60, max_queued_bytes=10**9)
    assert limits_of_all(set_limits) == Limits(math.inf, 60.0, 10**9)


def test_a_key_has_its_own_limits_or_those_of_the_settings():
    chosen = settings(key_max_queued_seconds=60)
    assert limits_of_key(NO_KEY_LIMITS, chosen) == Limits(math.inf, 60.0, math.inf)
    own = KeyLimits(max_unfinished=7, max_queued_seconds=90.0, max_queued_bytes=5)
    assert limits_of_key(own, chosen) == Limits(7, 90.0, 5)


def test_a_request_that_can_never_fit_is_told_from_one_that_may_later():
    assert Excess("seconds", 60.0, 0.0, 60.5).is_final
    assert not Excess("seconds", 60.0, 30.0, 60.0).is_final
    assert Excess("seconds", 60.0, 30.0, 40.0).to_free == 10.0
