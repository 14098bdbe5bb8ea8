"""Estimates, the catalogue, and cancelling many."""

from datetime import UTC, datetime

import pytest

from reckoner.client import InvalidRequest, NotFound
from tests.e2e.numbers import fresh


def test_an_estimate_stores_nothing(client):
    n = fresh(10**8, 10**9)
    found = client.estimate("fibonacci", n=n)
    assert (found.lane, found.status) == ("heavy", None)
    assert found.estimate.digits in range(int(n * 0.2), int(n * 0.22))
    assert found.id == client.calculation_id("fibonacci", n=n)
    with pytest.raises(NotFound):
        client.get(found.id)
    with pytest.raises(InvalidRequest):
        client.estimate("fibonacci", n=-1)


def test_a_function_is_described(client):
    found = client.function("fibonacci")
    assert (found.name, found.kind, found.check) == ("fibonacci", "digits", "residue")
    assert found.schema["properties"]["n"]["type"] == "integer"
    assert found in client.functions()
    for name in ("unknown", "..", "a/b"):
        with pytest.raises(NotFound):
            client.function(name)


def test_many_are_cancelled_by_a_condition_or_by_their_ids(client):
    began = datetime.now(UTC)
    first = 10**9 + fresh(0, 10**6)
    items = [("collatz", {"below": first + number}) for number in range(6)]
    ids = [one.id for one in client.submit_many(items)]
    some = client.cancel_many(ids=ids[:2])
    assert some.cancelled + some.cancelling == 2
    others = client.cancel_many(function="collatz", created_after=began)
    assert others.cancelled + others.cancelling == 4
