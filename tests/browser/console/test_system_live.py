"""The page of the system of a whole Reckoner: its history, a worker that stops, a dead letter."""

import json
import re

import pika
import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text

from shared.calculation import Lane
from shared.messages import dead_letter_queue_name
from shared.store.history import record_minute
from shared.store.metrics import read_metrics
from shared.store.totals.lane_totals import LaneTotals, lane_totals
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import body_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def patient():
    """A machine that is busy takes long for what is quick."""
    expect.set_options(timeout=20_000)


@pytest.fixture
def engine(stack):
    engine = create_engine(stack.environment["RECKONER_DATABASE_URL"])
    yield engine
    engine.dispose()


@pytest.fixture
def channel(stack):
    connection = pika.BlockingConnection(
        pika.URLParameters(stack.environment["RECKONER_BROKER_URL"])
    )
    yield connection.channel()
    connection.close()


def count_succeeded(engine):
    with engine.begin() as connection:
        totals = lane_totals(read_metrics(connection).counters)
    return sum(one.succeeded for one in totals.values())


def end_minute(engine):
    """Have a minute end in which all was counted, in place of what there is."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM history"))
        connection.execute(
            text("""
            UPDATE history_totals
            SET read_at = now() - interval '60 s', totals = CAST(:totals AS jsonb)"""),
            {"totals": json.dumps({lane: LaneTotals().members() for lane in Lane})},
        )
        record_minute(connection)


def test_what_was_computed_is_in_the_charts(open_console, stack, engine):
    page = open_console("/console/system")
    before = count_succeeded(engine)
    body = {"function": "fibonacci", "arguments": {"n": 1_234_567}}
    page.request.post(f"{stack.url}/calculations", data=body, headers={"Prefer": "wait=20"})
    # What has been counted is written with the next heartbeats.
    eventually(lambda: count_succeeded(engine) > before)
    end_minute(engine)
    page.reload()
    expect(page.locator("#chart-throughput figcaption")).to_contain_text(
        re.compile(r"succeeded: \d*[1-9]")
    )
    expect(page.locator("#chart-throughput canvas")).to_be_visible()


def test_a_worker_that_stops_is_named_until_another_starts(open_console, stack):
    page = open_console("/console/system")
    top = page.get_by_label("What is wrong")
    expect(top).to_contain_text("Everything works.")
    stack.stop("workers quick")
    try:
        expect(top).to_contain_text("No quick worker is alive")
        expect(top).to_contain_text("python -m workers quick")
    finally:
        stack.start("workers quick")
    expect(top).to_contain_text("Everything works.")


def test_a_dead_letter_is_put_back_by_the_relay(open_console, channel):
    name = dead_letter_queue_name(Lane.QUICK)
    channel.confirm_delivery()
    channel.basic_publish("", name, body_of(make_calculation(arguments={"n": 77})))
    page = open_console("/console/system")
    page.get_by_role("button", name="Put back 1 message of the quick lane").click()
    page.get_by_role("dialog").get_by_role("button", name="Put back").click()
    card = page.get_by_role("region", name="Dead letters")
    expect(card).to_contain_text("1 message of the quick lane put back.")
    assert channel.queue_declare(name, passive=True).method.message_count == 0
    expect(card).to_contain_text("There are none.")
