"""The schema that the migrations make is the one that the code describes."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, inspect, make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from migrations.schema import downgrade, head_revision, read_schema, upgrade
from shared.store.tables.all_tables import metadata
from shared.store.tables.schema import SCHEMA_REVISION


def test_migrations_and_models_agree(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_constraints_and_indexes_agree_to_the_word(engine, empty_database_url):
    """Alembic compares neither CHECKs nor partial indexes' conditions nor storage."""
    definitions = text("""
        SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
        UNION ALL
        SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND indexname NOT LIKE 'alembic%'
        UNION ALL
        SELECT relname, array_to_string(reloptions, ',') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL""")
    other = create_engine(empty_database_url)
    metadata.create_all(other)
    with engine.connect() as migrated, other.connect() as created:
        assert set(migrated.execute(definitions)) == set(created.execute(definitions))
    other.dispose()


def test_every_step_goes_up_and_down_again(empty_database_url):
    url = make_url(empty_database_url)
    upgrade(url)
    upgrade(url)
    downgrade(url, "base")
    engine = create_engine(url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(url)
    assert {"calculations", "result_chunks", "workers"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_downgrade_whose_index_cannot_be_made_leaves_the_schema_whole(empty_database_url):
    url = make_url(empty_database_url)
    upgrade(url, "0006")
    other = create_engine(url)
    tables = set(inspect(other).get_table_names())
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE calculations_newest ()"))  # in the index's way
    with pytest.raises(ProgrammingError, match="calculations_newest"):
        downgrade(url, "0005")
    with other.begin() as connection:
        connection.execute(text("DROP TABLE calculations_newest"))
    assert set(inspect(other).get_table_names()) == tables
    indexes = {index["name"] for index in inspect(other).get_indexes("calculations")}
    assert "calculations_list" in indexes
    with other.connect() as connection:
        assert read_schema(connection).revision == "0006"
    downgrade(url, "0005")
    indexes = {index["name"] for index in inspect(other).get_indexes("calculations")}
    assert "calculations_newest" in indexes
    assert "calculations_list" not in indexes
    other.dispose()


def test_a_schema_of_any_age_is_read_without_an_error_in_the_log(empty_database_url):
    url = make_url(empty_database_url)
    engine = create_engine(url)
    errors: list[object] = []
    event.listen(engine, "handle_error", errors.append)
    found = []
    for revision in ("base", "0001", "0002", "0003", "0004", "0005", "0006", "0007"):
        upgrade(url, revision) if revision != "base" else None
        with engine.connect() as connection:
            found.append(read_schema(connection).revision)
    engine.dispose()
    assert found == [None, "0001", "0002", "0003", "0004", "0005", "0006", "0007"]
    assert errors == []


def test_the_code_expects_the_newest_schema():
    assert head_revision() == SCHEMA_REVISION


def test_revisions_are_numbered_without_a_gap():
    """The program compares them, to tell an older schema from a newer one."""
    versions = Path(__file__).parents[3] / "migrations" / "versions"
    numbers = sorted(path.name.partition("_")[0] for path in versions.glob("[!_]*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "'lost'"},
        {"status": "'succeeded'", "finished_at": "now()"},
        {"status": "'failed'", "finished_at": "now()"},
        {"status": "'running'"},
        {"finished_at": "now()"},
        {"cancel_requested": "true"},
        {"progress": "1.5"},
        {"lane": "'slow'"},
        {"attempt_base": "1"},
        {"lease_until": "now()"},
    ],
)
def test_the_database_refuses_a_state_that_means_nothing(engine, columns):
    row = {
        "id": "gen_random_uuid()",
        "function": "'f'",
        "version": "1",
        "arguments": "'{}'",
        "status": "'queued'",
        "lane": "'quick'",
        "estimate_seconds": "1",
        "estimate_digits": "1",
        "estimate_bytes": "1",
        **columns,
    }
    statement = text(
        f"INSERT INTO calculations ({', '.join(row)}) VALUES ({', '.join(row.values())})"
    )
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(statement)
