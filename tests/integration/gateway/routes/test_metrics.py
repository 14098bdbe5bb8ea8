"""/metrics: what it says is true, in Prometheus' own format, also while PostgreSQL is down."""

import asyncio
import dataclasses
import json
import time
from importlib.metadata import version
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from gateway.admission.queued_work import FRESH_SECONDS
from gateway.database.database import make_database
from gateway.http.list_query import read_list_query
from gateway.metrics.gauges import note_gauges
from gateway.metrics.heartbeat import Heartbeat
from gateway.routes.listing import Listing
from gateway.server.threads import ComputeThreads
from gateway.waiting.lists import Lists
from gateway.waiting.waiters import Waiters
from shared.calculation import Lane
from shared.metrics.catalogue import (
    ALL,
    ATTEMPTS_ENDED,
    BUSY_SLOTS,
    COMPUTE_SECONDS,
    DEAD_LETTERS,
    LEASES_EXPIRED,
)
from shared.metrics.counters import Counters
from shared.metrics.metric import Kind
from shared.store.metrics import ProcessKind, read_metrics
from shared.store.metrics_row import MetricsRow, write_metrics
from tests.asgi import serving
from tests.eventually import eventually
from tests.integration.gateway.routes.neighbours import register_relay, register_worker
from tests.integration.rows import claim, queue


def _parse(body):
    """Return the samples by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


@pytest.fixture
def scrape(gateway):
    def ask():
        answer = gateway(lambda client: client.simulate_get("/metrics"))
        assert answer.status_code == 200
        return _parse(answer.text)

    return ask


def _write(engine, kind, count):
    counters = Counters()
    count(counters)
    write_metrics(engine, MetricsRow(counters, kind))


def test_the_format_is_prometheus_and_no_cache_keeps_it(gateway):
    answer = gateway(lambda client: client.simulate_get("/metrics"))
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "X-Accel-Expires" not in answer.headers
    helps = {
        family.name: family.documentation for family in text_string_to_metric_families(answer.text)
    }
    of_counters = {metric.name.removesuffix("_total"): metric.help for metric in ALL}
    assert helps.items() <= of_counters.items()


def test_head_is_answered_like_get_and_a_parameter_is_refused(gateway):
    async def scenario(client):
        return (
            await client.simulate_head("/metrics"),
            await client.simulate_get("/metrics?name=x"),
        )

    head, refused = gateway(scenario)
    assert (head.status_code, head.content) == (200, b"")
    assert refused.status_code == 422


def test_counts_of_all_processes_are_one_number(engine, scrape):
    _write(engine, ProcessKind.RELAY, lambda c: c.add(LEASES_EXPIRED, amount=2))
    _write(engine, ProcessKind.RELAY, lambda c: c.add(LEASES_EXPIRED))
    _write(engine, ProcessKind.HEAVY, lambda c: c.add(ATTEMPTS_ENDED, "lost"))
    samples = scrape()
    assert samples["reckoner_leases_expired_total",] == 3
    assert samples["reckoner_attempts_ended_total", "lost"] == 1
    assert samples["reckoner_processes", "relay"] == 2


def test_a_histogram_is_cumulative(engine, scrape):
    _write(
        engine,
        ProcessKind.QUICK,
        lambda c: c.observe_all(COMPUTE_SECONDS, [0.001, 0.002, 9e9], "f", "quick"),
    )
    samples = scrape()
    name = "reckoner_compute_seconds"
    buckets = [samples[f"{name}_bucket", "f", "quick", b] for b in ("0.001", "0.005", "+Inf")]
    assert buckets == [1, 2, 3]
    assert samples[f"{name}_count", "f", "quick"] == 3
    assert samples[f"{name}_sum", "f", "quick"] == pytest.approx(9e9 + 0.003)


def test_buckets_and_labels_of_another_version_do_no_harm(engine, scrape):
    counters = {
        "reckoner_compute_seconds_bucket": {'["f","quick","0.002"]': 2, '["f","quick","1e9"]': 1},
        "reckoner_compute_seconds_sum": {'["f","quick"]': 3},
        "reckoner_leases_expired_total": {'["new label"]': 7},
        "reckoner_something_new_total": {"[]": 7},
    }
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO process_metrics (id, kind, host, pid, counters)
            VALUES (gen_random_uuid(), 'quick', 'h', 1, CAST(:counters AS jsonb))"""),
            {"counters": json.dumps(counters)},
        )
    samples = scrape()
    name = "reckoner_compute_seconds_bucket"
    assert [samples[name, "f", "quick", bound] for bound in ("0.001", "0.005", "+Inf")] == [0, 2, 3]
    assert samples["reckoner_leases_expired_total",] == 0
    assert ("reckoner_something_new_total",) not in samples


def test_gauges_are_added_up_except_where_all_measure_the_same(engine, scrape):
    for _ in range(2):
        _write(engine, ProcessKind.HEAVY, lambda c: c.set_gauge(BUSY_SLOTS, 2, "heavy"))
        _write(engine, ProcessKind.RELAY, lambda c: c.set_gauge(DEAD_LETTERS, 5, "heavy"))
    samples = scrape()
    assert samples["reckoner_busy_slots", "heavy"] == 4
    assert samples["reckoner_dead_letters", "heavy"] == 5


def test_queues_and_who_works_on_them_are_shown(engine, scrape):
    with engine.begin() as connection:
        queue(connection, n=1_000)
        queue(connection, n=2_000)
        claim(connection, queue(connection, n=1_000_000, lane=Lane.HEAVY))
        connection.execute(
            text("""
            UPDATE calculations SET published_at = now(), not_before = now() - interval '9 s'
            WHERE id = (SELECT id FROM calculations WHERE status = 'queued' LIMIT 1)""")
        )
    register_relay(engine, problems={Lane.QUICK: "full"})
    register_worker(engine, Lane.HEAVY)
    samples = scrape()
    depths = {
        (lane, state): samples["reckoner_queue_depth", lane, state]
        for lane in Lane
        for state in ("queued", "published", "running")
    }
    assert {key: depth for key, depth in depths.items() if depth} == {
        ("quick", "queued"): 1,
        ("quick", "published"): 1,
        ("heavy", "running"): 1,
    }
    assert samples["reckoner_queue_oldest_seconds", "quick"] >= 9
    assert samples["reckoner_queue_oldest_seconds", "heavy"] == 0
    assert samples["reckoner_outbox_depth",] == 1
    assert samples["reckoner_workers", "heavy"] == 1
    assert samples["reckoner_workers", "quick"] == 0
    assert samples["reckoner_slots", "heavy"] >= 1
    assert samples["reckoner_relays",] == 1
    assert samples["reckoner_relay_problems", "quick"] == 1
    assert samples["reckoner_relay_problems", "heavy"] == 0
    assert samples["reckoner_queued_seconds",] > 0
    assert samples["reckoner_queued_bytes",] > 0
    assert samples["reckoner_database_size_bytes",] > 1_000_000
    assert samples["reckoner_database_up",] == 1


def test_limits_are_those_of_the_settings(gateway, store_settings):
    limited = dataclasses.replace(
        store_settings, max_queued_seconds=60.0, max_queued_bytes=10**9, retention_bytes=10**12
    )
    answer = gateway(lambda client: client.simulate_get("/metrics"), limited)
    samples = _parse(answer.text)
    assert samples["reckoner_queued_seconds_limit",] == 60
    assert samples["reckoner_queued_bytes_limit",] == 10**9
    assert samples["reckoner_retention_limit_bytes",] == 10**12


def test_what_is_stored_is_shown_once_all_of_it_is_counted(engine, scrape):
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO stored_results VALUES (date_trunc('hour', now()) - interval '3 h', 7, 700);
            UPDATE retention SET ran_at = to_timestamp(1000), fault = 'no'""")
        )
    samples = scrape()
    assert ("reckoner_stored_results",) not in samples
    assert samples["reckoner_retention_last_run_timestamp_seconds",] == 1000
    assert samples["reckoner_retention_fault",] == 1
    with engine.begin() as connection:
        connection.execute(text("UPDATE retention SET counted_until = now(), fault = NULL"))
    samples = scrape()
    assert samples["reckoner_stored_results",] == 7
    assert samples["reckoner_stored_result_bytes",] == 700
    assert samples["reckoner_retention_fault",] == 0


def test_the_build_is_named(gateway):
    answer = gateway(lambda client: client.simulate_get("/metrics"))
    (line,) = [one for one in answer.text.splitlines() if one.startswith("reckoner_build_info{")]
    assert f'version="{version("reckoner-service")}"' in line
    assert 'schema="0007"' in line
    assert line.endswith(" 1.0")


def test_without_postgresql_it_says_so_at_once_and_nothing_that_could_fall(gateway, store_settings):
    nowhere = dataclasses.replace(
        store_settings, database_url="postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    )

    async def scenario(client):
        began = time.monotonic()
        answer = await client.simulate_get("/metrics")
        return answer, time.monotonic() - began

    answer, seconds = gateway(scenario, nowhere)
    assert answer.status_code == 200
    assert seconds < 30  # a promise of 3 s, on a machine that may be busy
    names = {name for name, *_ in _parse(answer.text)}
    assert names == {"reckoner_database_up", "reckoner_build_info"}
    assert _parse(answer.text)["reckoner_database_up",] == 0


def test_requests_are_counted_by_route_status_and_problem(store_settings, registry, engine):
    async def scenario():
        async with serving(dataclasses.replace(store_settings, allowed_hosts="*"), registry) as one:
            await one.ask("GET", "/calculations/00000000-0000-0000-0000-000000000000")
            await one.ask("GET", "/calculations/nonsense")
            await one.ask("GET", "/nowhere")
            await one.ask("DELETE", "/functions")
            await one.ask("POST", "/calculations", body=b"{}")
        async with serving(store_settings, registry) as another:
            return _parse((await another.ask("GET", "/metrics")).body.decode())

    samples = asyncio.run(scenario())
    name = "reckoner_http_request_seconds_count"
    assert samples[name, "GET", "/calculations/{calculation_id}", "404"] == 2
    assert samples[name, "GET", "none", "404"] == 1
    assert samples[name, "DELETE", "/functions", "405"] == 1
    assert samples[name, "POST", "/calculations", "422"] == 1
    refused = {key[1]: n for key, n in samples.items() if key[0].startswith("reckoner_requests_r")}
    assert refused == {
        "calculation-not-found": 2,
        "route-not-found": 1,
        "method-not-allowed": 1,
        "invalid-arguments": 1,
    }


def test_submissions_are_counted_once_whichever_way_they_go(store_settings, registry):
    heavy = {"function": "fibonacci", "arguments": {"n": 50_000_000}}
    quick = [{"function": "fibonacci", "arguments": {"n": 200_000 + i}} for i in range(3)]

    async def scenario():
        async with serving(store_settings, registry) as gateway:

            async def post(path, content):
                return await gateway.ask("POST", path, body=json.dumps(content).encode())

            for _ in range(2):  # the second time, both are known
                await post("/calculations", {"function": "fibonacci", "arguments": {"n": 10}})
                submitted = await post("/calculations", heavy)
            await post("/calculations/batch", {"calculations": [*quick, heavy]})
            path = f"/calculations/{submitted.json()['id']}"
            assert (await gateway.ask("DELETE", path)).json()["status"] == "cancelled"
            assert (await gateway.ask("DELETE", path)).status == 409
            await post("/calculations", heavy)  # again
        async with serving(store_settings, registry) as other:
            return _parse((await other.ask("GET", "/metrics")).body.decode())

    samples = asyncio.run(scenario())
    accepted = {key[1:]: n for key, n in samples.items() if "accepted_total" in key[0]}
    finished = {key[1:]: n for key, n in samples.items() if "finished_total" in key[0]}
    assert accepted == {("fibonacci", "quick"): 4, ("fibonacci", "heavy"): 2}
    assert finished == {
        ("fibonacci", "quick", "succeeded"): 1,
        ("fibonacci", "heavy", "cancelled"): 1,
    }
    assert samples["reckoner_compute_seconds_count", "fibonacci", "quick"] == 1
    assert samples["reckoner_result_bytes_sum", "fibonacci"] == 2


def test_who_waits_is_shown_while_it_waits(store_settings, registry, engine):
    async def scenario():
        database = make_database(store_settings)
        waiters, counters = Waiters(database), Counters()
        lists = Lists(Listing(database, ComputeThreads().long).read_page)
        started, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def hold(_connection):
            loop.call_soon_threadsafe(started.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

        transactions = database.usage[1]
        holding = [
            asyncio.create_task(database.run_transaction(hold))
            for _ in range(transactions._size + 2)
        ]
        try:
            await started.wait()
            identity = uuid4()
            with (
                waiters.watch(identity),
                waiters.watch(identity, is_stream=True),
                lists.follow(read_list_query({})),
            ):
                note_gauges(counters, database, waiters, lists)
            during = counters.gauges()
        finally:
            go_on.set()
            await asyncio.gather(*holding)
        note_gauges(counters, database, waiters, lists)
        database.close()
        return during, counters.gauges(), transactions._size

    during, after, size = asyncio.run(scenario())
    assert {name: series["[]"] for name, series in during.items()} == {
        "reckoner_waiters": 3,
        "reckoner_event_streams": 2,
        "reckoner_database_connections_in_use": size,
        "reckoner_database_requests_waiting": 2,
    }
    assert all(series["[]"] == 0 for series in after.values())


def test_every_counter_has_the_name_and_the_help_that_prometheus_wants():
    assert len({metric.name for metric in ALL}) == len(ALL)
    for metric in ALL:
        assert metric.name.startswith("reckoner_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert metric.help[0].isupper() or metric.help[0].isdigit()
        assert metric.help.endswith(".")
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert list(metric.buckets) == sorted(metric.buckets)


def test_two_gateways_give_the_same_counters(store_settings, registry, engine):
    def counters(answer):
        samples = _parse(answer.body.decode())
        return {key: n for key, n in samples.items() if key[0].endswith(("_total", "_count"))}

    async def scenario():
        async with serving(store_settings, registry) as first:
            await first.ask("GET", "/functions")
        async with (
            serving(store_settings, registry) as first,
            serving(store_settings, registry) as second,
        ):
            return [counters(await one.ask("GET", "/metrics")) for one in (first, second)]

    _write(engine, ProcessKind.HEAVY, lambda c: c.add(ATTEMPTS_ENDED, "lost"))
    first, second = asyncio.run(scenario())
    assert first == second
    assert first["reckoner_http_request_seconds_count", "GET", "/functions", "200"] == 1


def test_a_heartbeat_that_cannot_write_is_made_up_for_by_a_later_one(store_settings, engine):
    def rename(old, new):
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    def expired():
        with engine.begin() as connection:
            return read_metrics(connection).counters.get(LEASES_EXPIRED.name)

    async def scenario():
        counters, calls = Counters(), []
        database = make_database(store_settings)
        row = MetricsRow(counters, ProcessKind.GATEWAY)
        heartbeat = Heartbeat(database, row, lambda: calls.append(1), seconds=0.02)
        rename("process_metrics", "away")
        running = asyncio.create_task(heartbeat.run())
        counters.add(LEASES_EXPIRED)
        await asyncio.to_thread(eventually, lambda: len(calls) >= 3)
        rename("away", "process_metrics")
        await asyncio.to_thread(eventually, expired)
        counters.add(LEASES_EXPIRED)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        database.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert expired() == {"[]": 2}


def test_the_queued_work_is_that_of_this_scrape(engine, store_settings, registry):
    async def scenario():
        async with serving(store_settings, registry) as one:
            await one.ask("GET", "/metrics")
            with engine.begin() as connection:
                queue(connection, n=1_000_000)
            await asyncio.sleep(FRESH_SECONDS + 0.1)
            return _parse((await one.ask("GET", "/metrics")).body.decode())

    assert asyncio.run(scenario())["reckoner_queued_seconds",] > 0


def test_counters_are_never_older_than_the_scrape_before(store_settings, registry, monkeypatch):
    """Which another gateway may have answered, from a newer reading: they would seem to fall."""
    readings = []

    def read_slowly(connection):
        readings.append(time.monotonic())
        time.sleep(0.3)
        return read_metrics(connection)

    monkeypatch.setattr("gateway.metrics.collecting.read_metrics", read_slowly)

    async def scenario():
        async with serving(store_settings, registry) as one:
            await one.ask("GET", "/metrics")
            await asyncio.sleep(0.6)
            await one.ask("GET", "/metrics")

    asyncio.run(scenario())
    assert len(readings) == 2
