"""The list of what PostgreSQL's roles may do is complete."""

from migrations.grants import GRANTS
from shared.store.tables.all_tables import metadata


def test_the_service_has_a_grant_for_each_table():
    tables = {table.name for table in metadata.tables.values()}
    assert GRANTS["reckoner_app"].keys() == tables | {"alembic_version"}


def test_keys_are_administered_without_calculations():
    ours = {"api_keys", "sessions", "alembic_version", "schema_compatibility"}
    assert GRANTS["reckoner_keys"].keys() == ours
