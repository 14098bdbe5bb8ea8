"""A worker without a function leaves its calculations to others, at no attempt's cost."""

import dataclasses

import pytest

from shared.calculation import Calculation, Lane, Status, calculation_id
from shared.functions.offers import offers_of
from shared.functions.registry import Registry
from tests.child_with_test_functions import REGISTRY
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread, body_of, make_test_calculation


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


def of_a_later_version(n: int = 1_000) -> Calculation:
    calculation = make_calculation(arguments={"n": n})
    later = dataclasses.replace(calculation.function, version=calculation.function.version + 1)
    identity = calculation_id(later.name, later.version, calculation.arguments.text)
    return dataclasses.replace(calculation, id=identity, function=later)


def is_handed_back(feed: Feed, calculation: Calculation) -> bool:
    """Return whether it is queued and not published, and no attempt was counted."""
    found = feed.scalar(
        "SELECT count(*) FROM calculations JOIN handed_back ON calculation_id = id WHERE id = :id"
        "  AND status = 'queued' AND published_at IS NULL"
        " AND attempt = attempt_base",
        id=calculation.id,
    )
    return bool(found)


def publish_when_due(feed: Feed, calculation: Calculation) -> None:
    """Publish it as the relay does; the pause itself is tested elsewhere."""
    feed.execute(
        "UPDATE calculations SET published_at = now(), not_before = now() WHERE id = :id",
        id=calculation.id,
    )
    feed.publish(calculation.lane, body_of(calculation))


def test_a_bundle_is_computed_but_for_what_the_worker_lacks(feed, settings, registry):
    missing, unknown = of_a_later_version(), make_test_calculation("whole")
    known = [make_calculation(arguments={"n": n}) for n in (1_000, 2_000)]
    feed.insert(known[0], missing, unknown, known[1])
    feed.publish(Lane.QUICK, body_of(known[0], missing, unknown, known[1]))
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *known)
        eventually(lambda: is_handed_back(feed, missing) and is_handed_back(feed, unknown))
        eventually(lambda: feed.ready(Lane.QUICK) == 0)
    assert feed.dead(Lane.QUICK) == 0


def test_another_quick_worker_computes_what_was_handed_back(feed, settings, registry):
    calculation = make_calculation()
    feed.submit(calculation)
    with WorkerThread(settings, Lane.QUICK, Registry([])):
        eventually(lambda: is_handed_back(feed, calculation))
    publish_when_due(feed, calculation)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.row(calculation).attempt == 1


@pytest.mark.slow
@pytest.mark.parametrize("knows", ["the worker", "only its child"])
def test_a_heavy_worker_hands_back_what_it_lacks_and_runs_the_rest(feed, settings, knows):
    """A child may find a function missing that its worker believed to be there."""
    lacking = make_calculation(lane=Lane.HEAVY)  # the children here have the tests' functions only
    feed.submit(lacking)
    installed = set(offers_of(REGISTRY)) | {"fibonacci/1"}
    if knows == "the worker":
        installed.remove("fibonacci/1")
    with WorkerThread(settings, Lane.HEAVY, installed=installed):
        eventually(lambda: is_handed_back(feed, lacking))
        row = feed.row(lacking)
        assert row.attempt == (0 if knows == "the worker" else 1)
        assert [entry["outcome"] for entry in row.history] == ["released"] * row.attempt
        known = make_test_calculation("repeat", lane=Lane.HEAVY)
        feed.submit(known)
        feed.wait_for(Status.SUCCEEDED, known)
        if knows == "only its child":
            publish_when_due(feed, lacking)
            eventually(lambda: is_handed_back(feed, lacking))
        assert feed.row(lacking).attempt == row.attempt, "it is claimed again for nothing"
    assert feed.ready(Lane.HEAVY) == 0


@pytest.mark.parametrize("lane", Lane)
def test_a_worker_says_what_it_offers(feed, settings, registry, lane):
    offers = offers_of(registry)
    with WorkerThread(settings, lane, registry, installed=offers):
        eventually(lambda: feed.scalar("SELECT count(*) FROM workers"))
        assert set(feed.scalar("SELECT offers FROM workers")) == offers
