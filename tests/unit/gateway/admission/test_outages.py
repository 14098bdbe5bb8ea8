"""While PostgreSQL is away, a submission is answered as always: nothing is decided on a guess."""

import asyncio
import dataclasses
from typing import Any

import pytest

from gateway.access.caller import ANYBODY
from gateway.admission.admission import Admission
from gateway.admission.queued_work import Snapshot
from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.store.totals.queued_work import Sums, group_of
from tests.factories import make_calculation

SETTINGS = dataclasses.replace(
    load_settings({"database_url": "postgresql+psycopg2://h/d", "broker_url": "amqp://h"}),
    max_queued_seconds=10.0,
)


class Away:
    """Stands in for a database that has answered once, or never."""

    def __init__(self, *answers: Snapshot) -> None:
        self.answers = list(answers)

    async def run_transaction(self, _use_case):
        if not self.answers:
            raise StoreUnavailable
        return self.answers.pop()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr("gateway.admission.queued_work.FRESH_SECONDS", 0.0)


def admit(database: Any, seconds: float):
    async def main():
        admission = Admission(database, SETTINGS)
        if database.answers:
            await admission.queued_work.refresh()
        one = make_calculation(charged_seconds=seconds, charged_bytes=1)
        charge = admission.charge(ANYBODY, [one])

        async def find_new():
            raise AssertionError("nothing can be looked up")

        return await admission.admit(ANYBODY, charge, find_new)

    return asyncio.run(main())


def test_nothing_is_admitted_or_refused_before_the_first_sum():
    with pytest.raises(StoreUnavailable):
        admit(Away(), 1.0)


@pytest.mark.parametrize(("seconds", "is_admitted"), [(1.0, True), (9.0, False)])
def test_an_old_sum_admits_and_never_refuses(seconds, is_admitted):
    one = make_calculation(charged_seconds=2.0)
    known = Snapshot(0.0, {None: {group_of(one.lane, 2.0): Sums(1, 2.0, 1)}})
    if is_admitted:
        assert admit(Away(known), seconds)
    else:
        with pytest.raises(StoreUnavailable):
            admit(Away(known), seconds)
