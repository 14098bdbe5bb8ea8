"""Calculations that somebody may wait for."""

import pytest

from shared.store.new_calculations import insert_queued
from tests.factories import make_calculation


@pytest.fixture
def stored(engine):
    """The ids of 50 queued calculations."""
    made = [make_calculation(arguments={"n": n}) for n in range(50)]
    with engine.begin() as connection:
        insert_queued(connection, made, "request")
    return [calculation.id for calculation in made]
