"""NOTIFY: what relay and gateways receive, once and when it is committed."""

import select

import pytest

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON
from shared.postgres.connections import connect_to_listen
from shared.store import new_calculations, notifications, quick
from shared.store.new_calculations import New
from shared.store.notifications import CHANGED, IDS_PER_PAYLOAD, OUTBOX
from tests.factories import make_calculation, make_result

MANY = 2 * IDS_PER_PAYLOAD + 1


@pytest.fixture
def heard(store_settings):
    """Return the notifications received so far on both channels, with their payloads."""
    listener = connect_to_listen(store_settings.sqlalchemy_url, OUTBOX, CHANGED, name="test")

    def until_now():
        found = []
        # PostgreSQL sends notifications before it reports the commit.
        while select.select([listener], [], [], 0.2)[0]:
            listener.poll()
            found += [(one.channel, one.payload) for one in listener.notifies]
            listener.notifies.clear()
        return found

    yield until_now
    listener.close()


def make(count, lane=Lane.QUICK):
    return [make_calculation(arguments={"n": n}, lane=lane) for n in range(count)]


def ids_in(told):
    """Return the ids in the payloads, with repetitions."""
    return [identity for _, payload in told for identity in notifications.read_changed(payload)]


@pytest.mark.parametrize("lane", Lane)
def test_a_new_calculation_notifies_the_relay_of_its_lane_when_committed(engine, heard, lane):
    with engine.begin() as connection:
        for calculation in make(2, lane):
            new = [New(calculation, None, "request")]
            assert new_calculations.insert_new(new, wakes_relay=True).on(connection)
        assert heard() == []
    # PostgreSQL merges equal notifications of a transaction.
    assert heard() == [(OUTBOX, str(lane))]


@pytest.mark.parametrize(("result", "wakes_relay"), [(None, False), (make_result(), True)])
def test_the_relay_is_notified_of_neither_results_nor_without_request(
    engine, heard, result, wakes_relay
):
    (calculation,) = make(1)
    with engine.begin() as connection:
        new = [New(calculation, result, "request")]
        assert new_calculations.insert_new(new, wakes_relay=wakes_relay).on(connection)
    assert heard() == []


@pytest.mark.parametrize("lanes", [{Lane.QUICK}, {Lane.HEAVY}, set(Lane)])
def test_a_wake_up_names_its_lanes(engine, heard, lanes):
    with engine.begin() as connection:
        notifications.notify_outbox(connection, lanes)
    ((channel, payload),) = heard()
    assert channel == OUTBOX
    assert notifications.read_outbox(payload) == lanes


def test_a_wake_up_without_lanes_is_for_all_lanes():
    for payload in ("", "unheard-of"):
        assert notifications.read_outbox(payload) == set(Lane)


@pytest.mark.parametrize("count", [0, 1, IDS_PER_PAYLOAD, IDS_PER_PAYLOAD + 1, MANY])
def test_changed_ids_are_sent_in_few_notifications(engine, heard, count):
    ids = [calculation.id for calculation in make(count)]
    with engine.begin() as connection:
        notifications.notify_changed(connection, ids)
    told = heard()
    assert ids_in(told) == ids
    assert len(told) == -(-count // IDS_PER_PAYLOAD)
    assert {channel for channel, _ in told} <= {CHANGED}


def test_gateways_receive_an_empty_notification(engine, heard):
    with engine.begin() as connection:
        notifications.notify_listeners(connection)
    assert heard() == [(CHANGED, "")]
    assert list(notifications.read_changed("")) == []


@pytest.mark.parametrize("ending", ["results", "failures"])
def test_a_quick_batch_notifies_of_exactly_what_it_wrote(engine, heard, ending):
    made = make(MANY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made[1:], "request")
    with engine.begin() as connection:
        if ending == "results":
            quick.finish_quick_succeeded(connection, {one.id: make_result() for one in made})
        else:
            quick.finish_quick_failed(connection, {one.id: CANCELLED_JSON for one in made})
    told = heard()
    assert sorted(ids_in(told)) == sorted(one.id for one in made[1:])
    assert {channel for channel, _ in told} == {CHANGED}
    assert len(told) == (MANY - 1) / IDS_PER_PAYLOAD


@pytest.mark.parametrize("ending", ["results", "failures"])
def test_a_batch_that_wrote_nothing_notifies_nobody(engine, heard, ending):
    (one,) = make(1)
    with engine.begin() as connection:
        if ending == "results":
            quick.finish_quick_succeeded(connection, {one.id: make_result()})
        else:
            quick.finish_quick_failed(connection, {one.id: CANCELLED_JSON})
    assert heard() == []
