"""Identity: equal calculations are one calculation, others are not."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.calculation import NAMESPACE, Status, calculation_id, is_final


@given(one=st.text(), other=st.text())
def test_different_arguments_have_different_ids(one, other):
    assert (calculation_id("f", 1, one) == calculation_id("f", 1, other)) == (one == other)


@given(st.text(st.characters(codec="utf-8")), st.integers(), st.text(st.characters(codec="utf-8")))
def test_an_id_is_the_version_5_uuid_of_its_name(function, version, arguments_text):
    expected = uuid5(NAMESPACE, f"{function}/{version}/{arguments_text}")
    assert calculation_id(function, version, arguments_text) == expected


def test_function_and_version_are_part_of_the_identity():
    ids = {calculation_id(name, version, "{}") for name in "fg" for version in (1, 2)}
    assert len(ids) == 4


def test_an_id_never_changes():
    # With another id everything stored so far would be computed again: this must never change.
    expected = UUID("ffcfeb02-09f4-5c06-889e-7cd5cd61b456")
    assert calculation_id("fibonacci", 1, '{"n":30}') == expected


def test_three_statuses_are_final():
    assert [status for status in Status if is_final(status)] == ["succeeded", "failed", "cancelled"]
