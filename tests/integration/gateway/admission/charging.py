"""Calculations that are charged what a test says, and keys with limits."""

from gateway.access.caller import Caller
from shared.keys.api_key import KeyLimits
from shared.keys.scope import Scope
from tests.factories import make_calculation

#: Of five calculations as `charged` makes them.
SECONDS, BYTES = 10.0, 500


def charged(n, seconds=2.0, size=100):
    return make_calculation(
        arguments={"n": 300_000 + n}, charged_seconds=seconds, charged_bytes=size
    )


def several(*numbers):
    return [charged(n) for n in numbers]


def key(name, **limits):
    return Caller(name, frozenset({Scope.SUBMIT}), KeyLimits(**limits))
