"""Readiness: which relays and workers are missing, and what RabbitMQ refuses."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.messages import queue_name
from tests.eventually import eventually
from tests.integration.gateway.routes.neighbours import (
    register_all,
    register_relay,
    register_worker,
)
from tests.integration.outbox import make_relay, running
from tests.integration.queues import open_channel

_HEAVY = {"function": "fibonacci", "arguments": {"n": 50_000_000}}


@pytest.fixture
def channel(broker_url):
    with open_channel(broker_url) as channel:
        yield channel


def test_a_gateway_with_all_it_needs_is_ready(engine, ready):
    register_all(engine)
    assert ready() == (
        200,
        {
            "status": "ready",
            "checks": {
                "postgresql": "ok",
                "relay": "ok",
                "rabbitmq": "ok",
                "quick_workers": "ok",
                "heavy_workers": "ok",
            },
            "problems": [],
        },
    )


def test_a_gateway_alone_accepts_work_and_names_what_is_missing(ready):
    status, document = ready()
    assert status == 200
    assert document == {
        "status": "degraded",
        "checks": {
            "postgresql": "ok",
            "relay": "no relay",
            "rabbitmq": "unknown: no relay",
            "quick_workers": "no quick worker",
            "heavy_workers": "no heavy worker",
        },
        "problems": [],
    }


@pytest.mark.parametrize("others", [(), ({"silent_seconds": 300.0},)])
def test_a_silent_relay_is_shown_with_the_seconds_of_its_silence(engine, ready, others):
    register_all(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE relays SET seen_at = now() - interval '40 seconds'"))
    for other in others:
        register_relay(engine, **other)
    status, document = ready()
    assert (status, document["status"]) == (200, "degraded")
    silent = re.fullmatch(r"relay silent for (\d+) s", document["checks"]["relay"])
    assert silent is not None
    assert 40 <= int(silent[1]) < 300


@pytest.mark.parametrize(
    ("problems", "shown"),
    [
        ({Lane.HEAVY: "precondition failed"}, "heavy lane: precondition failed"),
        (dict.fromkeys(Lane, "login refused"), "login refused"),
        ({Lane.QUICK: "full", Lane.HEAVY: "gone"}, "quick lane: full; heavy lane: gone"),
    ],
)
def test_the_relays_problems_with_rabbitmq_are_shown(engine, ready, problems, shown):
    for lane in Lane:
        register_worker(engine, lane)
    register_relay(engine, problems=problems)
    # The problems of a silent relay do not count.
    register_relay(engine, silent_seconds=40)
    status, document = ready()
    assert (status, document["status"]) == (200, "degraded")
    assert document["checks"]["relay"] == "ok"
    assert document["checks"]["rabbitmq"] == shown


def test_readiness_shows_why_rabbitmq_refuses_the_relay(engine, settings, rabbitmq, ready):
    wrong = settings.broker_url.replace(f":{rabbitmq.password}@", ":wrong@")
    with running(make_relay(replace(settings, broker_url=wrong), engine)):
        eventually(lambda: "refused the login" in ready()[1]["checks"]["rabbitmq"])


def test_readiness_shows_which_lanes_queue_is_of_another_type(engine, settings, ready, channel):
    channel.queue_declare(queue_name(Lane.QUICK), durable=True)  # and no quorum queue

    def is_shown():
        shown = ready()[1]["checks"]["rabbitmq"]
        assert shown.startswith("quick lane: "), shown
        assert "PRECONDITION_FAILED" in shown, shown
        return "heavy lane: " not in shown  # until it is connected

    with running(make_relay(settings, engine)):
        eventually(is_shown)


def test_one_relay_without_problems_is_enough(engine, ready):
    register_all(engine)
    register_relay(engine, problems=dict.fromkeys(Lane, "login refused"))
    assert ready()[1]["status"] == "ready"


@pytest.mark.parametrize("table", ["relays", "workers"])
def test_a_gateway_that_cannot_query_the_others_accepts_work(engine, gateway, caplog, table):
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))

    async def scenario(client):
        submitted = await client.simulate_post("/calculations", json=_HEAVY)
        return submitted.status_code, await client.simulate_get("/health/ready")

    submitted, answer = gateway(scenario)
    assert (submitted, answer.status_code) == (202, 200)
    assert answer.json["status"] == "degraded"
    assert answer.json["checks"]["postgresql"] == "ok"
    reason = f'unknown: relation "{table}" does not exist'
    assert answer.json["checks"]["relay"] == answer.json["checks"]["heavy_workers"] == reason
    assert "A shared query failed" in caplog.text, "it is a bug"
