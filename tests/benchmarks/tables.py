"""How docs/benchmarks.md writes tables, rates and processor times."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Figures = Mapping[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def rate(found: Figures) -> str:
    """Write a median with the lowest and the highest."""
    return f"{found['median']:,.0f} ({found['min']:,.0f} to {found['max']:,.0f})"


def processor(found: Mapping[str, float]) -> str:
    """Write the processor time of each program, in microseconds."""
    return ", ".join(f"{part} {cost:,.0f}" for part, cost in found.items() if cost >= 1)
