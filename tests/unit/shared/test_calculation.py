"""Identity: equal calculations are one calculation, others are not."""

import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.calculation import Status, calculation_id, canonical_json, is_final

ARGUMENTS = st.dictionaries(st.text(max_size=5), st.integers(), max_size=5)


@given(arguments=ARGUMENTS)
def test_the_order_of_arguments_does_not_matter(arguments):
    backwards = dict(reversed(arguments.items()))
    assert calculation_id("f", 1, arguments) == calculation_id("f", 1, backwards)


@given(one=ARGUMENTS, other=ARGUMENTS)
def test_different_arguments_have_different_ids(one, other):
    assert (calculation_id("f", 1, one) == calculation_id("f", 1, other)) == (one == other)


@given(arguments=ARGUMENTS)
def test_function_and_version_are_part_of_the_identity(arguments):
    ids = {calculation_id(name, version, arguments) for name in "fg" for version in (1, 2)}
    assert len(ids) == 4


@given(arguments=ARGUMENTS)
def test_the_canonical_form_decodes_to_the_same_arguments(arguments):
    written = canonical_json(arguments)
    assert written.isascii()
    assert json.loads(written) == arguments


def test_an_id_never_changes():
    # With another id everything stored so far would be computed again: this must never change.
    expected = UUID("ffcfeb02-09f4-5c06-889e-7cd5cd61b456")
    assert calculation_id("fibonacci", 1, {"n": 30}) == expected


def test_three_statuses_are_final():
    assert [status for status in Status if is_final(status)] == ["succeeded", "failed", "cancelled"]
