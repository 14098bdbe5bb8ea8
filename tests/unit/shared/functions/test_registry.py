"""Functions that are installed, by name."""

import json
from importlib.metadata import EntryPoint, version

import jsonschema
import pytest

from shared.errors import FunctionUnknown
from shared.functions import registry
from shared.functions.factorial import factorial
from shared.functions.fibonacci import fibonacci
from shared.functions.registry import Registry, load_registry
from tests.unit.shared.functions.functions import make_function


def test_functions_are_found_by_name_and_iterated_in_order():
    functions = Registry([make_function(name="z"), make_function(name="a")])
    assert [function.name for function in functions] == ["a", "z"]
    assert functions.get("z").name == "z"


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(FunctionUnknown) as caught:
        Registry([fibonacci, factorial]).get("ackermann")
    assert caught.value.name == "ackermann"
    assert list(caught.value.known_names) == ["factorial", "fibonacci"]


def test_two_functions_of_the_same_name_are_refused():
    with pytest.raises(ValueError, match="identity"):
        Registry([make_function(), make_function(version=2)])


def install(monkeypatch, value):
    points = [EntryPoint("any", value, registry.ENTRY_POINT_GROUP)]
    installed = {registry.ENTRY_POINT_GROUP: points}
    monkeypatch.setattr(registry, "entry_points", lambda group: installed[group])


def test_entry_points_are_loaded(monkeypatch):
    install(monkeypatch, "shared.functions.fibonacci:fibonacci")
    assert list(load_registry()) == [fibonacci]


def test_the_package_of_a_function_is_the_distribution_that_brings_it(monkeypatch):
    found = load_registry().package_of("fibonacci")
    assert found is not None
    assert (found.name, found.version) == ("reckoner-service", version("reckoner-service"))
    assert load_registry().package_of("ackermann") is None
    install(monkeypatch, "shared.functions.fibonacci:fibonacci")  # an entry point without one
    assert load_registry().package_of("fibonacci") is None


def test_an_entry_point_that_is_found_twice_is_one(monkeypatch):
    """An earlier installation under another name may have left its metadata behind."""
    value = "shared.functions.fibonacci:fibonacci"
    points = [EntryPoint("fibonacci", value, registry.ENTRY_POINT_GROUP) for _ in range(2)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)  # noqa: ARG005
    found = load_registry()
    assert list(found) == [fibonacci]
    assert found.problems == ()


def test_of_two_functions_of_one_name_neither_is_offered(monkeypatch):
    points = [
        EntryPoint("fibonacci", "shared.functions.fibonacci:fibonacci", registry.ENTRY_POINT_GROUP),
        EntryPoint("another", "shared.functions.fibonacci:fibonacci", registry.ENTRY_POINT_GROUP),
        EntryPoint("factorial", "shared.functions.factorial:factorial", registry.ENTRY_POINT_GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)  # noqa: ARG005
    found = load_registry()
    assert list(found) == [factorial]
    assert [problem.entry_point for problem in found.problems] == ["fibonacci", "another"]
    assert all("none of them is offered" in problem.detail for problem in found.problems)


def test_an_entry_point_that_is_not_a_function_is_a_problem(monkeypatch):
    install(monkeypatch, "shared.functions.fibonacci:digit_count")
    registry = load_registry()
    assert list(registry) == []
    (problem,) = registry.problems
    assert problem.entry_point == "any"
    assert "shared.functions.fibonacci:digit_count is of type function" in problem.detail


@pytest.mark.parametrize("function", [fibonacci, factorial])
def test_each_schema_is_valid_closed_and_described(function):
    schema = function.arguments_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema
    for rules in schema["properties"].values():
        assert {"minimum", "maximum", "description"} <= rules.keys()
