"""The text of arguments is stored and read as it is, whatever PostgreSQL's JSON makes of it."""

import dataclasses
import json

import pytest

from shared.calculation import Lane, calculation_id
from shared.store import calculations, new_calculations
from shared.store.new_calculations import New
from shared.store.outbox import heavy_outbox
from shared.store.selection import listing
from shared.store.selection.filters import Filters
from tests.factories import make_arguments, make_calculation
from tests.integration.rows import cancel, change, claim, row_of, stored

#: PostgreSQL's JSON spells 1e+22 as an integer, orders members by length and keeps no escapes.
DIFFICULT = make_arguments(
    {"tiny": 5e-324, "x": 1e22, "text": 'é😀\\"\n', "aa": [-0.5, 10**400], "b": {"": None}}
)


def difficult(lane=Lane.QUICK):
    identity = calculation_id("fibonacci", 1, DIFFICULT.text)
    return dataclasses.replace(make_calculation(lane=lane), id=identity, arguments=DIFFICULT)


def insert_in_batch(connection, calculation):
    new_calculations.insert_queued(connection, [calculation], "request")


def insert_alone(connection, calculation):
    inserted = new_calculations.insert_new([New(calculation, None, "request")]).on(connection)
    assert inserted[calculation.id].canonical_arguments == DIFFICULT.text


@pytest.mark.parametrize("insert", [insert_in_batch, insert_alone])
def test_the_canonical_text_comes_back_byte_for_byte(connection, insert):
    calculation = difficult(Lane.HEAVY)
    insert(connection, calculation)
    assert stored(connection, calculation, "arguments") == json.loads(DIFFICULT.text)
    assert row_of(connection, calculation).canonical_arguments == DIFFICULT.text
    (listed,) = listing.list_calculations(connection, Filters(), before=None, limit=1)
    assert listed.canonical_arguments == DIFFICULT.text
    (due,) = heavy_outbox.take_heavy(10).on(connection).due
    assert due.work.arguments_text == DIFFICULT.text
    claimed = claim(connection, calculation)
    assert claimed.arguments_text == DIFFICULT.text
    cancelled = cancel(connection, calculation)
    assert cancelled.canonical_arguments == DIFFICULT.text


def test_rows_of_earlier_versions_have_a_text_and_the_same_id(connection):
    arguments = make_arguments({"n": 2**53 + 1, "text": "é\n", "aa": [1, None, {"b": True}]})
    calculation = dataclasses.replace(
        make_calculation(lane=Lane.HEAVY),
        id=calculation_id("fibonacci", 1, arguments.text),
        arguments=arguments,
    )
    insert_in_batch(connection, calculation)
    change(connection, calculation, "arguments_text = NULL")
    row = row_of(connection, calculation)
    assert row.arguments_text is None
    assert row.canonical_arguments == arguments.text
    (due,) = heavy_outbox.take_heavy(10).on(connection).due
    assert due.work.arguments_text == arguments.text
    assert claim(connection, calculation).arguments_text == arguments.text
    assert cancel(connection, calculation).canonical_arguments == arguments.text
    assert calculation_id("fibonacci", 1, row.canonical_arguments) == row.id


def test_the_json_column_is_not_read_where_there_is_a_text(connection):
    calculation = difficult()
    insert_in_batch(connection, calculation)
    change(connection, calculation, """arguments = '"not what the text says"'""")
    (row,) = calculations.find_calculations([calculation.id]).on(connection)
    assert (row.arguments, row.canonical_arguments) == (None, DIFFICULT.text)
