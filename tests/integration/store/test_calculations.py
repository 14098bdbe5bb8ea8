"""Rows of calculations, found and shown."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.http.document import encode_document
from shared.calculation import Lane
from shared.store import calculations
from shared.store.new_calculations import New, insert_new
from tests.factories import make_calculation, make_result
from tests.integration.rows import (
    cancel,
    change,
    claim,
    expire,
    queue,
    retry,
    row_of,
    stored,
    take_due,
)


def published_at(connection, calculation):
    """Return the member of the document."""
    return json.loads(encode_document(row_of(connection, calculation)))["published_at"]


def test_the_rows_of_ids_that_exist_are_found(connection):
    first, second, _ = (queue(connection, n=n) for n in (1, 2, 3))
    cancel(connection, second)
    ids = [second.id, uuid4(), first.id]
    found = calculations.find_calculations(ids).on(connection)
    assert {row.id: row.status for row in found} == {
        first.id: "queued",
        second.id: "cancelled",
    }
    assert calculations.find_statuses(connection, ids) == {
        first.id: "queued",
        second.id: "cancelled",
    }


def test_a_queued_document_is_complete(connection):
    calculation = queue(connection)
    shown = json.loads(encode_document(row_of(connection, calculation)))
    assert shown["status"] == "queued"
    assert shown["result"] is None
    assert shown["error"] is None
    assert shown["created_at"].endswith("Z")
    assert shown["estimate"]["digits"] == 209


def test_a_document_says_when_it_was_last_published(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    assert published_at(connection, calculation) is None
    assert take_due(connection, Lane.HEAVY)
    first = published_at(connection, calculation)
    assert first == f"{stored(connection, calculation, 'published_at'):%FT%T.%f}"[:-3] + "Z"
    claimed = claim(connection, calculation)
    assert published_at(connection, calculation) == first
    assert retry(connection, claimed)
    assert published_at(connection, calculation) is None
    change(connection, calculation, "not_before = now()")
    assert take_due(connection, Lane.HEAVY)
    assert published_at(connection, calculation) > first


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_one_that_ends_with_the_loss_of_its_worker_keeps_when_it_was_published(connection, ending):
    calculation = queue(connection, lane=Lane.HEAVY)
    assert take_due(connection, Lane.HEAVY)
    published = published_at(connection, calculation)
    claim(connection, calculation, lease_seconds=-1)
    if ending == "cancelled":
        cancel(connection, calculation)
    assert expire(connection, max_attempts=1) == {calculation.id: ending}
    assert published_at(connection, calculation) == published


def test_one_that_was_computed_in_its_request_was_never_published(connection):
    calculation = make_calculation()
    inserted = insert_new([New(calculation, make_result(), "request")]).on(connection)
    assert json.loads(encode_document(inserted[calculation.id]))["published_at"] is None
    assert published_at(connection, calculation) is None
    moved = stored(connection, calculation, "published_at") + timedelta(milliseconds=1)
    change(connection, calculation, f"published_at = '{moved}'")
    assert published_at(connection, calculation) is not None
