"""Calculations that nobody computes."""

from shared.store.new_calculations import insert_queued
from tests.factories import make_calculation


def queue_calculations(engine, count):
    """Store queued calculations; return their paths."""
    made = [make_calculation(arguments={"n": 10**6 + index}) for index in range(count)]
    with engine.begin() as connection:
        insert_queued(connection, made, "request")
    return [f"/calculations/{calculation.id}" for calculation in made]
