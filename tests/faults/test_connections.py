"""Connections that break, or that seem to be there and pass nothing on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.eventually import eventually
from tests.faults.bounds import (
    HEARTBEATS,
    IDLE_TRANSACTION,
    LOST_LEASE,
    RECONNECT,
    RETRY,
    SILENCE,
    STATEMENT,
    together,
)
from tests.faults.load import identity_of, long_ones, quick_ones
from tests.faults.settings import POLL_SECONDS, PREFETCH

_CLIENTS = 200

POLL = (POLL_SECONDS, "relay_poll")


def test_connections_between_workers_and_postgresql_are_cut(stack, trial):
    trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.hit("worker – PostgreSQL: cut", at_least_quick=1_000, at_least_heavy=10)
    assert stack.workers_database.cut() >= 3
    trial.resumes(RETRY)
    trial.end()


def test_connections_between_workers_and_postgresql_are_half_open(stack, trial):
    running = trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.claimed_by("heavy-1", among=running)
    trial.hit("worker – PostgreSQL: half-open", at_least_quick=1_000, at_least_heavy=10)
    assert stack.workers_database.freeze() >= 3
    before = trial.finished_quick()
    trial.recovers(
        lambda: trial.finished_quick() > before and all(map(trial.is_final, running)),
        together(STATEMENT, IDLE_TRANSACTION, LOST_LEASE),
    )
    trial.end()


def test_connections_between_workers_and_rabbitmq_are_cut(stack, trial):
    trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.hit("worker – RabbitMQ: cut", at_least_quick=1_000, at_least_heavy=10)
    assert stack.workers_broker.cut() >= 3
    trial.resumes(RECONNECT, held=PREFETCH)
    trial.end()


def test_connections_between_workers_and_rabbitmq_are_half_open(stack, trial):
    trial.load.submit(long_ones(2, tenths=40))
    trial.fill()
    trial.hit("worker – RabbitMQ: half-open", at_least_quick=1_000, at_least_heavy=10)
    assert stack.workers_broker.freeze() >= 3
    held = trial.finished_quick() + PREFETCH  # may still be finished
    trial.recovers(
        lambda: trial.finished_quick() > held,
        together(HEARTBEATS, RECONNECT),
    )
    trial.end()


@pytest.mark.parametrize("fault", ["cut", "half-open"])
def test_connections_of_the_relay_fail(stack, trial, fault):
    trial.fill(quick=1_500)
    trial.hit(f"relay – PostgreSQL and RabbitMQ: {fault}", at_least_heavy=10)
    for link in (stack.relay_database, stack.relay_broker):
        if fault == "cut":
            link.cut()
        else:
            link.freeze()
    probe = trial.load.submit(quick_ones(1))[0]
    bound = together(RETRY, POLL) if fault == "cut" else together(STATEMENT, IDLE_TRANSACTION)
    published = "SELECT published_at IS NOT NULL FROM calculations WHERE id = :id"
    trial.recovers(lambda: stack.scalar(published, id=probe), bound)
    trial.end()


@pytest.mark.parametrize("fault", ["cut", "half-open"])
def test_clients_that_wait_are_told_although_nobody_listens(stack, trial, fault):
    """200 clients hold a request open when the gateways lose the connection that they listen on."""
    stack.supervisor.stop("quick")
    waiting = quick_ones(_CLIENTS)
    ids = trial.load.submit(waiting)
    trial.fill(quick=1_200)

    limits = httpx.Limits(max_connections=_CLIENTS)
    client = httpx.Client(base_url=stack.url, timeout=90, limits=limits)

    def wait_for(index: int) -> str:
        path = f"/calculations/{identity_of(waiting[index])}"
        answer = client.get(path, headers={"Prefer": "wait=60"})
        return str(answer.json()["status"])

    with client, ThreadPoolExecutor(_CLIENTS) as clients:
        held = [clients.submit(wait_for, index) for index in range(_CLIENTS)]
        eventually(lambda: open_connections(stack) >= _CLIENTS, within_seconds=30)
        trial.hit(f"the gateways' LISTEN: {fault}, 200 clients wait", at_least_quick=1_000)
        link = stack.gateway_database
        broken = (link.cut if fault == "cut" else link.freeze)(b"reckoner gateway listener")
        assert broken == 2
        stack.supervisor.start("quick")
        eventually(lambda: all(map(trial.is_final, ids)), within_seconds=60)
        trial.clock()
        trial.recovers(
            lambda: all(one.done() for one in held), RETRY if fault == "cut" else SILENCE
        )
        assert [one.result() for one in held] == ["succeeded"] * _CLIENTS
    trial.end()


def test_slow_connections_lose_nothing(stack, trial):
    for link in stack.links:
        link.slow(0.2)
    trial.fill()
    trial.hit("every connection is slowed by 0.2 s", at_least_quick=1_000, at_least_heavy=10)
    trial.resumes((20.0, "no loss, only time"))
    trial.end()


def open_connections(stack) -> int:
    """Count the connections of clients to NGINX (proc(5), net/tcp: 01 is ESTABLISHED)."""
    port = f":{httpx.URL(stack.url).port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    columns = [line.split() for line in lines]
    return sum(local.endswith(port) and state == "01" for _, local, _, state, *_ in columns)
