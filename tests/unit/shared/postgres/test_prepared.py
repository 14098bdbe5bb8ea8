"""Prepared statements: when a connection must prepare them."""

import pytest

from shared.postgres import prepared as queries
from shared.postgres.prepared import Prepared, PreparedStatements

ONE = Prepared("one", ("uuid[]", "text"), "SELECT $1, $2")
OTHER = Prepared("other", (), "SELECT 1", opening="BEGIN; ")


def needed(known, prepared):
    statements = known.needed_before(prepared)
    known.note(prepared)
    return statements


def test_a_statement_is_prepared_once_for_a_connection():
    known = PreparedStatements()
    assert needed(known, ONE)[-1] == "PREPARE one (uuid[], text) AS SELECT $1, $2"
    assert needed(known, ONE) == []
    assert needed(known, OTHER) == ["PREPARE other AS SELECT 1"]
    assert needed(known, ONE) == needed(known, OTHER) == []
    assert needed(PreparedStatements(), ONE) != []


def test_a_statement_that_was_not_noted_is_prepared_again():
    """As when the connection broke or the statement failed."""
    known = PreparedStatements()
    assert known.needed_before(ONE)[-1] == ONE.preparing
    assert known.needed_before(ONE) == [ONE.preparing]


def test_statements_are_prepared_again_after_some_seconds(monkeypatch: pytest.MonkeyPatch):
    """Since the tables may have grown or been migrated."""
    known = PreparedStatements()
    needed(known, ONE)
    needed(known, OTHER)
    monkeypatch.setattr(queries, "_KEPT_SECONDS", 3_600.0)
    monkeypatch.setattr(known, "_kept_until", 0.0)
    assert needed(known, ONE) == ["DEALLOCATE ALL", ONE.preparing]
    assert needed(known, OTHER) == [OTHER.preparing]


def test_execute_has_a_placeholder_for_each_type():
    assert ONE.executing == "EXECUTE one (%s, %s)"
    assert OTHER.executing == "BEGIN; EXECUTE other"
