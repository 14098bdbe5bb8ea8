"""Results as tests store them, without a worker."""

from collections.abc import Mapping
from typing import Any

from shared.calculation import Calculation, Lane
from shared.calculator import Calculator
from shared.result import Result
from shared.store.new_calculations import insert_queued
from shared.store.quick import finish_quick_succeeded
from tests.factories import make_calculation


def store_result(
    engine: Any, arguments: Mapping[str, Any], *, lane: Lane = Lane.QUICK
) -> tuple[Calculation, Result]:
    """Queue and finish a calculation; return it with what was stored."""
    calculation = make_calculation(arguments=arguments, lane=lane)
    computed = Calculator().compute(calculation.function, calculation.arguments)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        finish_quick_succeeded(connection, {calculation.id: computed})
    return calculation, computed
