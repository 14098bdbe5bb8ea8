"""Which changes of a schema give calculations new ids."""

import pytest

from reckoner.cli.authoring.id_changes import describe_id_changes

BASE = {"n": {"type": "integer"}, "width": {"type": "integer", "default": 10}}


def changes(**properties):
    now = {name: schema for name, schema in {**BASE, **properties}.items() if schema is not None}
    return list(describe_id_changes({"properties": BASE}, {"properties": now}))


def test_the_same_schema_changes_no_id():
    assert changes() == []


@pytest.mark.parametrize(
    "n", [{"type": "integer", "maximum": 5}, {"type": "integer", "description": "how many"}]
)
def test_bounds_and_words_change_no_id(n):
    assert changes(n=n) == []


@pytest.mark.parametrize(("default", "shown"), [(11, "11"), (True, "True"), (None, "None")])
def test_a_changed_default_is_named(default, shown):
    [change] = changes(width={"type": "integer", "default": default})
    assert change.startswith(f"The default of width is {shown} and was 10")


def test_a_default_that_becomes_false_of_the_same_value_is_a_change():
    before = {"properties": {"x": {"default": 1}}}
    assert list(describe_id_changes(before, {"properties": {"x": {"default": True}}}))


def test_a_default_that_is_new_or_gone_is_named():
    [change] = changes(n={"type": "integer", "default": 3})
    assert "is 3 and was none" in change
    [change] = changes(width={"type": "integer"})
    assert "is none and was 10" in change


def test_an_added_optional_argument_gives_every_calculation_a_new_id():
    [change] = changes(seed={"type": "integer", "default": 0})
    assert "The argument seed is new" in change
    assert "all calculations get new ids" in change


def test_an_argument_that_is_gone_is_named():
    [change] = changes(width=None)
    assert "The argument width is gone" in change
