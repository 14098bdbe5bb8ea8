"""What the client reads of a calculation's document."""

from datetime import UTC, datetime

import pytest

from reckoner.client.documents.calculation import calculation_from
from tests.unit.reckoner.client.playing import document


@pytest.mark.parametrize("name", ["created_at", "published_at", "started_at", "finished_at"])
def test_its_times_are_moments_in_utc(name):
    read = calculation_from(document(**{name: "2026-11-26T10:00:00.250Z"}))
    assert getattr(read, name) == datetime(2026, 11, 26, 10, 0, 0, 250_000, tzinfo=UTC)


def test_a_service_of_an_earlier_version_does_not_say_when_it_was_published():
    earlier = document()
    del earlier["published_at"]
    assert calculation_from(earlier).published_at is None
