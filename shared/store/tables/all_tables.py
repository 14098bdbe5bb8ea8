"""All tables together, which the database is compared with."""

from shared.store.tables import access, calculations, history, service
from shared.store.tables.columns import metadata

__all__ = ["access", "calculations", "history", "metadata", "service"]
