"""When a migration is tried again, and for how long."""

import psycopg2
import pytest
from sqlalchemy.exc import DBAPIError

from migrations import retrying
from migrations.report import Report

BROKEN = DBAPIError.instance(
    "", None, psycopg2.OperationalError("server closed the connection"), psycopg2.Error
)


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock, moved by hand and by each pause."""
    now = [1_000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_a_migration_that_loses_its_connection_late_is_tried_again(clock):
    tries = []

    def migrate():
        tries.append(clock[0])
        if len(tries) == 1:
            clock[0] += 600  # the validation of a constraint, say
            raise BROKEN

    retrying.retry_migration(migrate, Report())
    assert len(tries) == 2


def test_a_lasting_outage_is_given_up(clock):
    def migrate():
        raise BROKEN

    began = clock[0]
    with pytest.raises(DBAPIError):
        retrying.retry_migration(migrate, Report())
    assert retrying.GIVE_UP_SECONDS <= clock[0] - began <= retrying.GIVE_UP_SECONDS + 2


def test_the_time_to_give_up_starts_again_with_each_completed_migration(clock):
    report = Report()
    tries = []

    def migrate():
        tries.append(clock[0])
        if len(tries) % 40 == 0:  # of the pauses of a second
            clock[0] += 1
            report.progress_at = clock[0]
        if len(tries) < 100:
            raise BROKEN

    retrying.retry_migration(migrate, report)
    assert len(tries) == 100
