"""One small fault in the product, and the tests that claim to notice it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutation:
    """Replace `old`, which stands once in `file`, by `new`; one of `claims` must then fail.

    `file` and the claims are relative to the project's root; a claim is what pytest takes: a test
    file, or a test in one.
    """

    file: str
    old: str
    new: str
    claims: tuple[str, ...]

    @property
    def area(self) -> str:
        """The part of the product that it is in: one or two folders."""
        return "/".join(Path(self.file).parts[:2][: 2 if self.file.startswith("shared") else 1])

    def mutated(self, source: str) -> str:
        """Return the file's text with the fault in it.

        Raises ValueError if `old` is not there exactly once: the code has changed, and the mutation
        must follow.
        """
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.file}: found {found} times, not once: {self.old!r}")
        return source.replace(self.old, self.new)


def mutation(file: str, old: str, new: str, *claims: str) -> Mutation:
    """Return a mutation; a claim is a file under tests/, with `::name` if it is one test of it."""
    return Mutation(file, old, new, tuple(f"tests/{claim}" for claim in claims))
