"""What Alembic runs: one connection, one lock, time-outs, all steps in one transaction."""

from alembic import context
from sqlalchemy import create_engine, text

from shared.store.models import metadata

#: Only one process migrates at a time; any number that nobody else uses.
_LOCK = 7_325_663_437


def _migrate() -> None:
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        # A migration must not queue behind a long transaction while all requests queue behind it.
        connection.execute(text("SET statement_timeout = '15min'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


_migrate()
