"""What Alembic runs: each migration in a transaction of its own, on the connection handed down.

One that was interrupted begins again: what it had committed by then, it must find as it left it.
"""

from alembic import context

from shared.store.models import metadata


def _migrate() -> None:
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        transaction_per_migration=True,
        on_version_apply=attributes["on_step"],
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate()
