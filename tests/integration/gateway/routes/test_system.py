"""/system and Retry-After: estimates of the time until queued work is done."""

import asyncio
import dataclasses

from sqlalchemy import text

from shared.calculation import Lane
from shared.metrics.catalogue import DEAD_LETTERS
from shared.metrics.counters import Counters
from shared.store.metrics import ProcessKind
from shared.store.metrics_row import MetricsRow, write_metrics
from shared.store.new_calculations import insert_queued
from shared.store.retention.state import note_fault, note_run
from shared.store.tables.schema import SCHEMA_REVISION
from tests.factories import make_calculation
from tests.integration.gateway.routes.neighbours import (
    register_all,
    register_relay,
    register_worker,
)
from tests.integration.retention.finished import count_now, finish
from tests.integration.rows import claim, queue

_HEAVY = {"function": "fibonacci", "arguments": {"n": 50_000_000}}


def test_a_blocked_lane_has_no_estimated_time_to_go(engine, system):
    with engine.begin() as connection:
        queue(connection, n=1_000_000, lane=Lane.HEAVY)
        queue(connection, n=1_000)
    state = system()
    assert state["relays"] == []
    assert [lane["estimated_seconds_to_go"] for lane in state["lanes"].values()] == [None, None]
    register_relay(engine, problems={Lane.QUICK: "full"})
    register_worker(engine, Lane.QUICK)
    register_worker(engine, Lane.HEAVY)
    state = system()
    (relay,) = state["relays"]
    assert relay["problems"] == {"quick": "full"}
    assert relay["silent_seconds"] >= 0
    assert state["lanes"]["quick"]["estimated_seconds_to_go"] is None
    assert state["lanes"]["heavy"]["estimated_seconds_to_go"] > 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE relays SET seen_at = now() - interval '40 seconds'"))
    assert system()["lanes"]["heavy"]["estimated_seconds_to_go"] is None


def test_retry_after_is_longer_while_a_lane_is_blocked(engine, gateway):
    async def scenario(client):
        answers = []
        for _ in range(200):  # the first only starts the query
            answer = await client.simulate_post("/calculations", json={**_HEAVY})
            answers.append(int(answer.headers["Retry-After"]))
            if answers[-1] != answers[0]:
                break
            await asyncio.sleep(0.02)
        return answers

    assert gateway(scenario)[-1] == 15
    register_all(engine)
    assert gateway(scenario)[-1] < 15


def test_no_age_is_negative_after_the_clock_was_set_back(engine, system):
    register_all(engine)
    with engine.begin() as connection:
        queue(connection, n=1_000)
        claim(connection, queue(connection, n=1_000_000, lane=Lane.HEAVY))
        connection.execute(
            text("""
            UPDATE calculations SET not_before = now() + interval '1 hour';
            UPDATE workers SET seen_at = now() + interval '1 hour';
            UPDATE relays SET seen_at = now() + interval '1 hour'""")
        )
    state = system()
    assert state["lanes"]["quick"]["oldest_queued_seconds"] == 0
    assert state["outbox"]["age_seconds"] >= 0
    assert all(relay["silent_seconds"] >= 0 for relay in state["relays"])


def test_what_may_be_queued_and_what_is_queued_are_shown(engine, gateway, store_settings):
    settings = dataclasses.replace(
        store_settings,
        max_queued_seconds=60.0,
        key_max_queued_seconds=30.0,
        key_max_queued_bytes=10**9,
    )
    made = [
        make_calculation(arguments={"n": n}, charged_seconds=1.5, charged_bytes=7) for n in range(3)
    ]
    with engine.begin() as connection:
        insert_queued(connection, made[:2], "request", "shop")
        insert_queued(connection, made[2:], "request")
    state = gateway(lambda client: client.simulate_get("/system"), settings).json["admission"]
    assert state == {
        "limits": {"queued_seconds": 60.0, "queued_bytes": None},
        "key_limits": {"queued_seconds": 30.0, "queued_bytes": 10**9},
        "queued": {"calculations": 3, "seconds": 4.5, "bytes": 21},
        "keys": {"shop": {"calculations": 2, "seconds": 3.0, "bytes": 14}},
    }


def test_what_is_stored_and_what_is_kept_are_shown(engine, gateway, store_settings):
    finish(engine, 3, size=100)

    def ask(client):
        return client.simulate_get("/system")

    before = gateway(ask).json["storage"]
    assert (before["results"], before["is_counted"], before["ran_at"]) == (0, False, None)
    assert before["limits"] == {"bytes": None, "seconds": None, "forget": False}
    count_now(engine)
    finish(engine, 2, age_seconds=1, size=100)
    with engine.begin() as connection:
        note_run(connection)
        note_fault(connection, "PostgreSQL: something")
    settings = dataclasses.replace(
        store_settings, retention_bytes=10**9, retention_seconds=3_600.0, retention_forget=True
    )
    after = gateway(ask, settings).json["storage"]
    assert (after["results"], after["bytes"], after["is_counted"]) == (5, 500, True)
    assert after["limits"] == {"bytes": 10**9, "seconds": 3_600.0, "forget": True}
    assert after["fault"] == "PostgreSQL: something"
    assert after["ran_at"]


def test_what_is_wrong_is_said_in_words_and_nothing_if_all_is_well(engine, system):
    found = system()["problems"]
    assert [one["severity"] for one in found] == ["fault"] * 3
    assert found[0]["text"] == "No relay is alive: what is accepted waits in PostgreSQL."
    assert all(one["remedy"] for one in found)
    register_all(engine)
    assert system()["problems"] == []


def test_what_a_worker_runs_is_shown_with_function_and_since_when(engine, system):
    register_all(engine)
    with engine.begin() as connection:
        heavy = connection.execute(text("SELECT id FROM workers WHERE lane = 'heavy'")).scalar_one()
        calculation = queue(connection, n=1_000_000, lane=Lane.HEAVY)
        claim(connection, calculation, worker_id=heavy)
    state = system()
    (worker,) = [one for one in state["workers"] if one["lane"] == "heavy"]
    assert worker["running"] == [str(calculation.id)]
    (run,) = worker["runs"]
    assert (run["id"], run["function"], run["progress"]) == (str(calculation.id), "fibonacci", 0)
    assert run["since"].endswith("Z")


def test_dead_letters_are_those_that_a_relay_has_counted(engine, system):
    assert system()["dead_letters"] == {"quick": None, "heavy": None}
    counters = Counters()
    counters.set_gauge(DEAD_LETTERS, 3, "heavy")
    write_metrics(engine, MetricsRow(counters, ProcessKind.RELAY))
    state = system()
    assert state["dead_letters"] == {"quick": None, "heavy": 3}
    assert any("have rejected 3 messages" in one["text"] for one in state["problems"])


def test_the_disk_and_the_build_are_shown(system):
    state = system()
    assert state["disk"]["database_bytes"] > 1_000_000
    assert state["build"]["schema"] == SCHEMA_REVISION
