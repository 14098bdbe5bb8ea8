"""Rows of calculations, found and shown."""

import json
from uuid import uuid4

from gateway.http.document import encode_document
from shared.store import calculations
from tests.integration.rows import (
    cancel,
    queue,
    row_of,
)


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
