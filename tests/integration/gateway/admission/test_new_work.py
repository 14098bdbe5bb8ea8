"""Only new work is charged: what exists, is withdrawn or computed at once is not."""

import dataclasses

import pytest

from shared.calculation import Lane
from shared.errors import QueueFull
from shared.store import new_calculations, quick
from tests.factories import make_calculation, make_result
from tests.integration.gateway.admission.charging import charged, several
from tests.integration.rows import cancel, claim, prune_result, status_of

INLINE = {"n": 1_000}


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
