"""What a relay counts, writes with its heartbeat, and folds of those that are gone."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.handed_back import HandedBack
from gateway.relay.process import Relay
from gateway.relay.rescue import Rescue
from shared.calculation import Lane
from shared.messages import dead_letter_queue_name
from shared.metrics.catalogue import (
    ATTEMPTS_ENDED,
    DEAD_LETTERS,
    FINISHED,
    LEASES_EXPIRED,
    MESSAGES_RESCUED,
    PUBLISHED,
)
from shared.metrics.counters import Counters
from shared.store import presence
from shared.store.metrics import ProcessKind, read_metrics
from shared.store.metrics_row import MetricsRow, write_metrics
from shared.store.outbox.handed_back import hand_back
from tests.counted import counted
from tests.engines import autocommit
from tests.eventually import eventually
from tests.integration import rows
from tests.integration.lanes import Channel
from tests.integration.outbox import queue, running


def _rescue(engine, settings, counters, ready=lambda _lane: 0):
    return Rescue(engine, settings, ready, counters)


def test_leases_that_expire_are_counted_and_what_fails_by_that_is_finished(engine, store_settings):
    counters = Counters()
    with engine.begin() as connection:
        for n, attempts in ((1_000_000, 1), (2_000_000, 3)):
            calculation = rows.queue(connection, n=n, lane=Lane.HEAVY)
            rows.claim(connection, calculation, lease_seconds=-1)
            rows.change(connection, calculation, f"attempt = {attempts}")
    _rescue(engine, replace(store_settings, max_attempts=3), counters).run_once()
    assert counted(counters, LEASES_EXPIRED) == {(): 2}
    assert counted(counters, ATTEMPTS_ENDED) == {("lost",): 2}
    assert counted(counters, FINISHED) == {("fibonacci", "heavy", "failed"): 1}


def test_lost_messages_are_counted_by_lane(engine, store_settings):
    counters = Counters()
    with engine.begin() as connection:
        for n in (1_000, 2_000):
            calculation = rows.queue(connection, n=n)
            rows.change(connection, calculation, "published_at = now() - interval '1 hour'")
    rescue = _rescue(engine, replace(store_settings, lost_message_seconds=0.0), counters)
    rescue.run_once()
    assert counted(counters, MESSAGES_RESCUED) == {("quick",): 2}


def test_what_no_worker_offers_any_more_is_finished_as_failed(engine, store_settings):
    counters = Counters()
    with engine.begin() as connection:
        calculation = rows.queue(connection, n=1_000)
        presence.upsert_worker(
            connection, uuid4(), host="h", pid=1, lane=Lane.QUICK, slots=1, offers=[]
        )
        hand_back(connection, [calculation.id], Lane.QUICK)
    HandedBack(engine, replace(store_settings, function_grace_seconds=0.0), counters).review()
    assert counted(counters, FINISHED) == {("fibonacci", "quick", "failed"): 1}


def test_counts_of_processes_that_are_gone_are_folded(engine, store_settings):
    for age in ("11 minutes", "9 minutes"):
        counters = Counters()
        counters.add(LEASES_EXPIRED)
        write_metrics(engine, MetricsRow(counters, ProcessKind.HEAVY))
        with engine.begin() as connection:
            connection.execute(
                text(f"""
                UPDATE process_metrics SET seen_at = now() - interval '{age}'
                WHERE seen_at > now() - interval '1 minute'""")
            )
    _rescue(engine, store_settings, Counters()).run_once()
    with engine.begin() as connection:
        kinds = connection.execute(text("SELECT kind FROM process_metrics")).scalars()
        assert sorted(kinds) == ["heavy", "retired"]
        assert read_metrics(connection).counters[LEASES_EXPIRED.name] == {"[]": 2}


@pytest.mark.slow
def test_what_was_published_and_what_was_refused_is_written_with_the_heartbeat(engine, settings):
    queue(engine, 1_000, 2_000, 3_000)
    with Channel(settings, Lane.QUICK) as channel:
        for _ in range(2):
            channel.basic_publish("", dead_letter_queue_name(Lane.QUICK), b"refused")
    counters = Counters()
    relay = Relay(settings, engine, autocommit(engine), counters=counters)

    def read():
        with engine.begin() as connection:
            return read_metrics(connection)

    def dead_letters():
        gauges = read().gauges.get(DEAD_LETTERS.name, {})
        return {labels: gauge.largest for labels, gauge in gauges.items()}

    with running(relay):
        eventually(lambda: counted(counters, PUBLISHED) == {("fibonacci", "quick"): 3})
        eventually(lambda: dead_letters() == {'["quick"]': 2, '["heavy"]': 0})
        assert read().processes == {"relay": 1}
    assert read().processes == {}
    assert read().counters[PUBLISHED.name] == {'["fibonacci","quick"]': 3}
