"""A real Prometheus scrapes a Reckoner with keys on, and tells its operator of each fault.

One course of faults and repairs, in which they overlap, for all tests: each would have to wait for
heartbeats, scrapes and evaluations of its own.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from sqlalchemy import create_engine, make_url

from compose.services.credentials import APP
from shared.keys.scope import Scope
from tests.conftest import new_database, virtual_host
from tests.e2e.alerts.faults import HURRIED, RETENTION_BYTES, Faults
from tests.e2e.alerts.prometheus import Prometheus
from tests.e2e.conftest import Stack
from tests.e2e.keys.api_keys import bearer, insert_key
from tests.eventually import eventually
from tests.plug_ins import install_plug_in

pytestmark = pytest.mark.slow

_MODULES = tuple(f"{HURRIED} {module}" for module in ("gateway", "gateway.relay", "workers quick"))

#: What is noticed while a relay runs, and what when it does not.
FIRST = {
    "ReckonerNoWorker",
    "ReckonerDeadLetters",
    "ReckonerFailures",
    "ReckonerStorageNearlyFull",
}
SECOND = {"ReckonerNoRelay", "ReckonerOutboxOld", "ReckonerQueueOld"}

#: What a machine that is busy may cause besides, and the time before the first scrape.
OF_SLOWNESS = {
    *("ReckonerMetricsMissing", "ReckonerTargetDown", "ReckonerSlowRequests"),
    *("ReckonerLaneStalled", "ReckonerSlotsBusy"),
}


class Course(NamedTuple):
    """The alerts that fired at each stage, all that ever did, and what they said."""

    before: set[str]
    first: set[str]
    second: set[str]
    after: set[str]
    ever: set[str]
    said: list[dict[str, str]]


@pytest.fixture(scope="module")
def course(postgres, admin, template_database, rabbitmq, state_folder) -> Iterator[Course]:
    folder = state_folder / "alerts"
    folder.mkdir()
    install_plug_in(
        folder / "functions",
        "failing",
        {name: f"tests.e2e.alerts.functions:{name}" for name in ("fails_if_odd", "is_heavy")},
    )
    with (
        new_database(postgres, admin, template_database) as url,
        virtual_host(rabbitmq) as broker_url,
    ):
        database = create_engine(url)
        headers = bearer(insert_key(database, "operator"))
        key = insert_key(database, "prometheus", [Scope.OPERATE])
        with (
            Stack(
                folder,
                url,
                broker_url,
                os.fspath(folder / "functions"),
                app_url=postgres.url_of(str(make_url(url).database), APP),
                modules=_MODULES,
                headers=headers,
                keys="on",
                retention_bytes=str(RETENTION_BYTES),
            ) as stack,
            httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client,
            Prometheus(
                folder / "prometheus", stack.gateway_url.removeprefix("http://"), key
            ) as prometheus,
        ):
            yield run(prometheus, Faults(stack, client, database, broker_url))
        database.dispose()


def run(prometheus: Prometheus, faults: Faults) -> Course:
    eventually(lambda: prometheus.query("reckoner_relays == 1") and not prometheus.firing())
    before = prometheus.have_fired()

    faults.submit_work_that_no_worker_takes()
    faults.send_what_no_worker_understands()
    faults.store_much()
    faults.have_calculations_fail(prometheus)
    first = wait_for(prometheus, FIRST)
    said = prometheus.annotations()

    faults.start_a_worker()
    faults.purge_dead_letters()
    faults.remove_much()
    faults.stop_the_relay()
    second = wait_for(prometheus, SECOND)
    said += prometheus.annotations()

    faults.start_the_relay()
    faults.have_more_succeed()
    after = wait_for(prometheus, set())
    return Course(before, first, second, after, prometheus.have_fired(), said)


def wait_for(prometheus: Prometheus, alerts: set[str]) -> set[str]:
    """Wait until all of these fire, or, of none, until none does; return those that fire then."""

    def look() -> list[set[str]]:
        firing = prometheus.firing()
        assert alerts <= firing if alerts else not firing, firing
        return [firing]

    return eventually(look, within_seconds=60, what=f"alerts {sorted(alerts)}")[0]


def test_a_healthy_reckoner_has_no_alert(course):
    assert course.before - OF_SLOWNESS == set()


@pytest.mark.parametrize("alert", sorted(FIRST))
def test_an_alert_fires_when_its_fault_is_there(course, alert):
    assert alert in course.first


@pytest.mark.parametrize("alert", sorted(SECOND))
def test_an_alert_fires_when_no_relay_runs(course, alert):
    assert alert in course.second


def test_alerts_resolve_once_all_is_repaired(course):
    assert course.after == set()


def test_no_other_alert_fires(course):
    assert course.ever - OF_SLOWNESS == FIRST | SECOND


def test_texts_of_alerts_are_filled_in(course):
    texts = " ".join(text for annotations in course.said for text in annotations.values())
    assert "error expanding template" not in texts
    assert "{{" not in texts
    assert "The lane heavy has 1 unfinished calculations and no worker" in texts
    assert "of the calculations of fails_if_odd fail" in texts
    assert "Results use 94.0" in texts
