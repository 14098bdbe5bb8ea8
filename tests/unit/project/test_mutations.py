"""The mutations by hand follow the code: a stale one would stop `make mutants` half-way."""

from pathlib import Path

import pytest

from tests.mutants.by_hand import load_mutations
from tests.mutants.mutation import mutation

ROOT = Path(__file__).parents[3]


def test_each_mutation_changes_one_place_and_names_tests_that_are_there():
    stale = []
    for one in load_mutations():
        try:
            one.mutated((ROOT / one.file).read_text())
        except ValueError as error:
            stale.append(str(error))
        for claim in one.claims:
            file, _, name = claim.partition("::")
            path = ROOT / file
            if not path.is_file() or f"def {name.partition('[')[0]}" not in path.read_text():
                stale.append(f"{one.file}: no such claim: {claim}")
    assert not stale


def test_a_mutation_of_what_stands_there_twice_is_refused():
    with pytest.raises(ValueError, match="2 times"):
        mutation("shared/errors.py", "class", "", "unit").mutated("class A: ...\nclass B: ...")
