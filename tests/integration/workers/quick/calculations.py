"""Calculations for the tests of quick workers, and settings by which the lane takes them."""

import dataclasses

from tests.factories import make_calculation


def fibonacci(n, **overrides):
    return make_calculation(arguments={"n": n}, **overrides)


def with_room_for_test_functions(settings):
    """Return settings by whose bounds their estimates belong to the quick lane."""
    return dataclasses.replace(settings, quick_seconds=1.0)
