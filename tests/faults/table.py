"""Writes what the faults did into docs/explanation/reliability.md, between the two marks there."""

from collections.abc import Sequence
from pathlib import Path

from tests.faults.trial import Outcome

PAGE = Path(__file__).parents[2] / "docs/explanation/reliability.md"

_BEGIN = "<!-- measured by make faults: begin -->"
_END = "<!-- measured by make faults: end -->"


def write_table(outcomes: Sequence[Outcome]) -> None:
    """Replace the table; the text around it stays."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{_table(outcomes)}\n{_END}{after}")


def _table(outcomes: Sequence[Outcome]) -> str:
    lines = [
        "| fault | in flight when it came | lost | recovered in | stated bound |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {outcome.fault} | {outcome.in_flight} | 0 | {_recovery(outcome)} "
        f"| {outcome.bound}: {outcome.bound_seconds:g} s |"
        for outcome in outcomes
    ]
    return "\n".join(lines)


def _recovery(outcome: Outcome) -> str:
    """Return how long it took, and by how much that was more than the bound, if it was."""
    took, bound = outcome.recovered_seconds, outcome.bound_seconds
    beyond = f" ({took - bound:.1f} s beyond)" if took > bound > 0 else ""
    return f"{took:.1f} s{beyond}"
