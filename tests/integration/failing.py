"""Have PostgreSQL refuse writes."""

from uuid import UUID

from sqlalchemy import Engine, text

from shared.postgres.prepared import uuid_array


def make_unwritable(engine: Engine, code: str, *ids: UUID) -> None:
    """Have updates of these calculations, or of all, raise this SQLSTATE."""
    condition = f"WHEN (new.id = ANY ('{uuid_array(ids)}'))" if ids else ""
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER refuse BEFORE UPDATE OF status, lane ON calculations"
                f" FOR EACH ROW {condition} EXECUTE FUNCTION refuse()"
            )
        )


def make_writable(engine: Engine) -> None:
    """Undo it."""
    with engine.begin() as connection:
        connection.execute(text("DROP FUNCTION refuse CASCADE"))
