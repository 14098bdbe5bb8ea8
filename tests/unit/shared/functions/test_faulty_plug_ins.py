"""A function that cannot be offered is named in a sentence, and the others are there."""

import sys

import pytest

from shared.functions.registry import load_registry
from tests.faulty.registrations import MODULES
from tests.plug_ins import install_plug_in

PACKAGE = "faulty-functions"

_TWINS = """\
from reckoner import function

@function
def twin(n: int) -> int:
    return n
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """The registry with a package of faulty functions, and two of one name."""
    folder = tmp_path_factory.mktemp("faulty")
    for name, module in MODULES.items():
        (folder / f"{name}.py").write_text(module.source)
    for name in ("first", "second"):
        (folder / f"{name}_of_twins.py").write_text(_TWINS)
    twins = {name: f"{name}_of_twins:twin" for name in ("first", "second")}
    install_plug_in(folder, PACKAGE, {name: f"{name}:f" for name in MODULES} | twins)
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield load_registry()
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            del sys.modules[name]


def problem_of(registry, entry_point):
    [found] = [one for one in registry.problems if one.entry_point == entry_point]
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_problem_is_told_in_words_with_its_package(registry, name):
    problem = problem_of(registry, name)
    assert problem.package == PACKAGE
    assert MODULES[name].words in problem.detail
    assert "\n" not in problem.detail
    assert len(problem.detail) < 500


def test_two_of_one_name_are_a_problem(registry):
    twins = [one for one in registry.problems if "twin" in one.detail]
    assert [one.package for one in twins] == [PACKAGE] * len(twins)
    assert twins


def test_what_is_not_faulty_is_offered(registry):
    assert {"fibonacci", "factorial"} <= {function.name for function in registry}
    assert not {"f"} & {function.name for function in registry}


def test_there_are_more_than_twenty_ways_to_be_wrong():
    assert len(MODULES) > 20
