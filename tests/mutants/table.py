"""The mutants' table in docs/explanation/reliability.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs/explanation/reliability.md"
_BEGIN, _END = "<!-- mutants: begin -->\n", "<!-- mutants: end -->\n"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many faults of one kind were caught, of how many, by the part that they were in."""

    kind: str
    areas: Mapping[str, tuple[int, int]]
    wanted_share: float

    @property
    def caught(self) -> int:
        """All that were caught."""
        return sum(caught for caught, _ in self.areas.values())

    @property
    def total(self) -> int:
        """All that were tried."""
        return sum(total for _, total in self.areas.values())

    @property
    def is_enough(self) -> bool:
        """Whether as many were caught as must be."""
        return self.caught >= self.wanted_share * self.total

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.caught} of {self.total} caught, "
            f"at least {self.wanted_share:.0%} must be"
        )


def write_table(tallies: Iterable[Tally]) -> None:
    """Put the figures of a run into the page, in place of those of the last."""
    rows = ["| faults | in | caught | of |", "|---|---|---|---|"]
    for tally in tallies:
        rows += [
            f"| {tally.kind} | {area} | {caught} | {total} |"
            for area, (caught, total) in tally.areas.items()
        ]
        rows.append(f"| {tally.kind} | **all** | **{tally.caught}** | **{tally.total}** |")
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}{chr(10).join(rows)}\n{_END}{after}")
