"""Mutations written by hand, for what tools that mutate Python do not see or seldom hit."""

from importlib import import_module
from pathlib import Path

from tests.mutants.mutation import Mutation


def load_mutations() -> list[Mutation]:
    """Return the mutations of all modules of this package, each of which has a list of them."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return [
        mutation
        for name in names
        for mutation in import_module(f"tests.mutants.by_hand.{name}").MUTATIONS
    ]
