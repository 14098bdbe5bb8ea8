"""Many calculations through the client: batches and lists; and all by the asynchronous client."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from reckoner.client import AsyncClient, CalculationFailed, InvalidRequest, Submitted
from tests.e2e.numbers import fresh


def test_a_batch_gives_the_calculations_in_order(client):
    first = fresh(10**6, 10**8)
    items: list[tuple[str, dict[str, Any]]]
    items = [("prime_factors", {"n": first + number}) for number in range(40)]
    items[7] = ("linear_system", {"matrix": [[0.0]], "right": [1.0]})
    found = list(client.batch(items))
    assert [one.arguments for one in found] == [arguments for _, arguments in items]
    assert [one.status for one in found] == ["succeeded"] * 7 + ["failed"] + ["succeeded"] * 32
    assert found[0].result.value == client.result(found[0])


def test_a_batch_is_read_as_it_is_needed_and_may_be_only_submitted(client):
    first = fresh(10**6, 10**8)
    submitted = list(
        client.submit_many(
            {"function": "prime_factors", "arguments": {"n": first + number}} for number in range(3)
        )
    )
    assert all(isinstance(one, Submitted) for one in submitted)
    assert [client.wait(one.id).arguments["n"] - first for one in submitted] == [0, 1, 2]


def test_a_batch_with_a_fault_says_which_item_it_is(client):
    items = [("fibonacci", {"n": 1}), ("fibonacci", {"n": "x"})]
    with pytest.raises(InvalidRequest) as raised:
        list(client.batch(items))
    assert raised.value.problem.errors[0].pointer == "/calculations/1/arguments/n"


def test_a_list_goes_over_all_pages_newest_first(client):
    first = fresh(10**6, 10**8)
    ids = [client.submit("prime_factors", n=first + number).id for number in range(5)]
    found = list(islice(client.list(function="prime_factors", page_size=2), 5))
    assert [one.id for one in found] == ids[::-1]


def test_a_list_can_be_limited(client):
    before = datetime.now(UTC) - timedelta(seconds=30)
    failed = client.submit("linear_system", matrix=[[0.0]], right=[float(fresh(1, 10**9))])
    with pytest.raises(CalculationFailed):
        client.wait(failed)
    found = client.list(status="failed", lane="heavy", created_after=before)
    assert failed.id in {one.id for one in found}
    assert list(client.list(function="linear_system", created_before="2020-01-01T00:00:00Z")) == []
    assert client.count(function="linear_system", created_before="2020-01-01T00:00:00Z").count == 0


def test_the_asynchronous_client_does_all_that_the_other_does(base_url, client, tmp_path):
    async def use():
        async with AsyncClient(base_url) as asked:
            n = fresh(10**6, 10**8)
            fractions: list[float] = []
            values = await asyncio.gather(
                asked.call("prime_factors", n=360),
                asked.call("fibonacci", n=100),
                asked.call("collatz", below=fresh(1_000, 9_999)),
            )
            run = await asked.run(
                "collatz",
                below=fresh(1_000, 9_999),
                on_progress=lambda progress: fractions.append(progress.fraction),
            )
            batch = [one async for one in asked.batch([("prime_factors", {"n": n})] * 3)]
            events = [one.status async for one in asked.events(run)]
            listed = [one async for one in asked.list(function="collatz", page_size=1)]
            long = await asked.run("fibonacci", n=fresh(20_000_000, 21_000_000))
            buffer = io.BytesIO()
            await asked.download(long, buffer)
            await asked.download(long, tmp_path / "digits")
            identity = await asked.calculation_id("fibonacci", n=30, version=1)
            return values, batch, events, listed, long, buffer, identity, fractions

    values, batch, events, listed, long, buffer, identity, fractions = asyncio.run(use())
    assert values[:2] == [{"2": 3, "3": 2, "5": 1}, 354224848179261915075]
    assert len({one.id for one in batch}) == 1
    assert (len(batch), events, len(listed) >= 2) == (3, ["succeeded"], True)
    assert fractions[-1] == 1.0
    assert buffer.getvalue() == (tmp_path / "digits").read_bytes()
    assert len(buffer.getvalue()) == long.result.digits
    assert identity == client.calculation_id("fibonacci", n=30, version=1)
