"""POST /calculations/cancel: all that match are cancelled, step by step, beside everybody else."""

import asyncio
import json
import threading
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.metrics.catalogue import FINISHED
from shared.metrics.counters import Counters
from shared.store.leases import claim_calculation
from tests.asgi import serving
from tests.eventually import eventually
from tests.integration.listening import listening
from tests.integration.rows import WORKER, change, claim, queue, row_of, waits_for_a_lock

PATH = "/calculations/cancel"


async def post(client, body):
    answer = await client.ask("POST", PATH, body=json.dumps(body).encode())
    assert answer.status == 200, answer.body
    return answer.json()


async def cancel_all(client, body):
    """Follow `next` to its end; return the responses."""
    answers = [await post(client, body)]
    while answers[-1]["next"] is not None:
        assert len(answers) < 50
        answers.append(await post(client, {**body, "cursor": answers[-1]["next"]}))
    return answers


@pytest.fixture
def made(engine):
    """Ten calculations, of which two run."""
    with engine.begin() as connection:
        made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(10)]
        for one in made[:2]:
            claim(connection, one)
    return made


def statuses(engine, calculations):
    with engine.begin() as connection:
        rows = [row_of(connection, one) for one in calculations]
    return [(row.status, row.cancel_requested) for row in rows]


@pytest.fixture
def asked(store_settings, registry):
    """What runs a scenario with a client of the application."""

    def run(scenario):
        async def main():
            async with serving(store_settings, registry) as client:
                return await scenario(client)

        return asyncio.run(main())

    return run


@pytest.fixture
def counters(monkeypatch):
    """What the application counts."""
    counters = Counters()
    monkeypatch.setattr("gateway.app.Counters", lambda: counters)
    return counters


def test_those_that_were_queued_are_counted_as_ended(engine, asked, made, counters):
    with engine.begin() as connection:
        queue(connection, n=77, lane=Lane.QUICK)
    asked(lambda client: cancel_all(client, {"function": "fibonacci"}))
    assert counters.totals()[FINISHED.name] == {
        '["fibonacci","heavy","cancelled"]': 8,
        '["fibonacci","quick","cancelled"]': 1,
    }


@pytest.mark.parametrize("way", ["conditions", "ids"])
@pytest.mark.parametrize("most", [3, 1_000])
def test_all_are_cancelled_step_by_step_and_each_is_counted_once(
    engine, store_settings, asked, made, monkeypatch, way, most
):
    monkeypatch.setattr("gateway.routes.cancellation.MAX_CANCELLED", most)
    body: dict[str, Any] = {"function": "fibonacci"}
    if way == "ids":
        body = {"ids": [str(one.id) for one in made] + [str(made[0].id).upper(), str(uuid4())]}
    with listening(store_settings) as heard:
        answers = asked(lambda client: cancel_all(client, body))
        assert sorted(heard.changed()) == sorted(str(one.id) for one in made)
    assert len(answers) == (4 if most == 3 else 1)
    sums = [sum(answer[name] for answer in answers) for name in ("cancelled", "cancelling")]
    assert sums == [8, 2]
    assert statuses(engine, made) == [("running", True)] * 2 + [("cancelled", False)] * 8
    assert asked(lambda client: post(client, body)) == {
        "cancelled": 0,
        "cancelling": 0,
        "next": None,
    }


@pytest.mark.slow
def test_rows_that_the_relay_holds_are_left_for_the_next_call(engine, asked, made, monkeypatch):
    """It holds what it publishes until RabbitMQ confirms, which may take long."""
    body = {"status": "queued"}
    held = made[4:6]
    with engine.begin() as relay:
        for one in held:
            change(relay, one, "published_at = now()")
        first = asked(lambda client: post(client, body))
        assert (first["cancelled"], first["cancelling"]) == (6, 0)
        again = asked(lambda client: post(client, {**body, "cursor": first["next"]}))
        assert (again["cancelled"], again["next"]) == (0, first["next"])
    (last,) = asked(lambda client: cancel_all(client, {**body, "cursor": first["next"]}))
    assert last == {"cancelled": 2, "cancelling": 0, "next": None}
    assert statuses(engine, made[2:]) == [("cancelled", False)] * 8


@pytest.fixture
def long_waits(monkeypatch):
    """However slow the machine is, a test is faster than a call stops waiting for locks."""
    limit = text("SET LOCAL lock_timeout = '60s'")
    monkeypatch.setattr("shared.store.selection.cancellation._LOCK_TIMEOUT", limit)
    monkeypatch.setattr("gateway.routes.cancellation.MAX_LOCKED_SECONDS", 60)


@pytest.mark.usefixtures("long_waits")
@pytest.mark.parametrize("ending", ["published", "claimed"])
def test_rows_that_are_soon_free_are_cancelled_by_the_same_call(engine, asked, made, ending):
    """While it waits for the first of them, it holds no lock of its own: the rest is committed."""
    held = made[4:6]
    answers = []
    with engine.begin() as other:
        for one in held:
            if ending == "published":
                change(other, one, "published_at = now()")
            else:
                claim(other, one)
        calling = threading.Thread(
            target=lambda: answers.append(asked(lambda client: post(client, {"lane": "heavy"})))
        )
        calling.start()
        rest = [one for one in made if one not in held]
        expected = [("running", True)] * 2 + [("cancelled", False)] * 6
        # Together: commits that notify wait for each other's lock, too.
        eventually(lambda: statuses(engine, rest) == expected and waits_for_a_lock(engine))
    calling.join()
    cancelled = 8 if ending == "published" else 6
    assert answers == [{"cancelled": cancelled, "cancelling": 10 - cancelled, "next": None}]


@pytest.mark.usefixtures("long_waits")
def test_what_a_worker_has_claimed_in_between_is_not_cancelled_as_queued(engine, asked, made):
    with engine.begin() as worker:
        for one in made[4:6]:
            claim(worker, one)
        answers = []
        calling = threading.Thread(
            target=lambda: answers.append(asked(lambda client: post(client, {"status": "queued"})))
        )
        calling.start()
        eventually(lambda: waits_for_a_lock(engine))
    calling.join()
    assert answers == [{"cancelled": 6, "cancelling": 0, "next": None}]
    assert statuses(engine, made[4:6]) == [("running", False)] * 2


@pytest.mark.slow
def test_beside_workers_that_claim_each_calculation_ends_one_way(engine, asked, store_settings):
    with engine.begin() as connection:
        made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(300)]
    claimed = []

    def work():
        for one in sorted(made, key=lambda one: one.id.hex[::-1]):
            with engine.begin() as connection:
                if claim_calculation(connection, one.id, worker_id=WORKER, lease_seconds=60):
                    claimed.append(one.id)

    worker = threading.Thread(target=work)
    worker.start()
    answers = asked(lambda client: cancel_all(client, {"ids": [str(one.id) for one in made]}))
    worker.join()
    after = statuses(engine, made)
    sums = [sum(answer[name] for answer in answers) for name in ("cancelled", "cancelling")]
    assert sums == [after.count(("cancelled", False)), after.count(("running", True))]
    assert after.count(("running", False)) == 0
    assert sum(sums) == 300
    assert len(claimed) == sums[1]


FAULTY: list[tuple[Any, list[str]]] = [
    ({}, [""]),
    ([], [""]),
    ({"cursor": "x"}, [""]),
    ({"ids": [str(uuid4())], "status": "queued"}, [""]),
    ({"ids": []}, ["/ids"]),
    ({"ids": [str(uuid4())] * 10_001}, ["/ids"]),
    ({"ids": str(uuid4())}, ["/ids"]),
    ({"ids": [str(uuid4()), 7, "{" + str(uuid4()) + "}"]}, ["/ids/1", "/ids/2"]),
    ({"status": "succeeded"}, ["/status"]),
    ({"status": None}, ["/status"]),
    ({"lane": "slow", "created_after": "now"}, ["/lane", "/created_after"]),
    ({"function": "\0"}, ["/function"]),
    ({"submitted_by": "\ud800"}, ["/submitted_by"]),
    ({"submitted_by": 7}, ["/submitted_by"]),
    ({"status": "queued", "cursor": "xyz"}, ["/cursor"]),
    ({"status": "queued", "limit": 5}, ["/limit"]),
    ({"created_before": "2026-01-01"}, ["/created_before"]),
]


def test_a_faulty_body_names_its_faults_and_cancels_nothing(engine, asked, made):
    async def scenario(client):
        return [
            await client.ask("POST", PATH, body=json.dumps(body).encode()) for body, _ in FAULTY
        ]

    for answer, (body, pointers) in zip(asked(scenario), FAULTY, strict=True):
        assert answer.status == 422, body
        assert [error["pointer"] for error in answer.json()["errors"]] == pointers, body
    with engine.begin() as connection:
        untouched = "SELECT count(*) FROM calculations WHERE cancelled_by IS NULL"
        assert connection.execute(text(untouched)).scalar_one() == len(made)


def test_ten_thousand_ids_fit_and_a_longer_body_does_not(asked):
    ids = [str(uuid4()) for _ in range(10_000)]

    async def scenario(client):
        body = json.dumps({"ids": ids}, indent=2).encode()
        assert (await client.ask("POST", PATH, body=body)).status == 200
        return await client.ask("POST", PATH, body=body + b" " * 2**19)

    refused = asked(scenario)
    assert (refused.status, refused.json()["limit_bytes"]) == (413, 2**19)


def test_there_is_no_other_method(asked):
    async def scenario(client):
        return [(await client.ask(method, PATH)).status for method in ("GET", "DELETE", "PUT")]

    assert asked(scenario) == [405, 405, 405]
