"""What each role of the service may do with each table.

Granted after each upgrade to those of the roles that exist: compose/postgres/roles.sql makes them.
A role that owns the tables, as the only one for everything, needs no grants.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

_ROWS = "SELECT, INSERT, UPDATE, DELETE"

#: Of each role what it may do with which tables. A table that is not named is closed to it.
GRANTS: Mapping[str, Mapping[str, str]] = {
    "reckoner_app": {
        "calculations": _ROWS,
        "result_chunks": _ROWS,
        "lost_attempts": _ROWS,
        "handed_back": _ROWS,
        "workers": _ROWS,
        "relays": _ROWS,
        "functions": _ROWS,
        "process_metrics": _ROWS,
        "stored_results": _ROWS,
        "retention": "SELECT, UPDATE",
        "history": _ROWS,
        "history_totals": "SELECT, UPDATE",
        "redrives": _ROWS,
        # A process that was taken over can make no key for itself, and give none more rights.
        "api_keys": "SELECT, UPDATE (last_used_on)",
        "sessions": "SELECT, INSERT, DELETE",
        "alembic_version": "SELECT",
        "schema_compatibility": "SELECT",
    },
    "reckoner_keys": {
        "api_keys": "SELECT, INSERT, UPDATE",
        "sessions": "SELECT, DELETE",
        "alembic_version": "SELECT",
        "schema_compatibility": "SELECT",
    },
}

_ROLES = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")

_TABLES = text("""
    SELECT relname, format('%I.%I', 'public', relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND pg_has_role(relowner, 'USAGE')""")


def apply_grants(connection: Connection) -> None:
    """Grant each role that exists what it may do, and revoke everything else, in a transaction."""
    roles = connection.execute(_ROLES, {"names": list(GRANTS)}).scalars().all()
    tables = connection.execute(_TABLES).all() if roles else []
    for role in roles:
        for table, quoted in tables:
            connection.execute(text(f"REVOKE ALL ON {quoted} FROM {role}"))
            if rights := GRANTS[role].get(table):
                connection.execute(text(f"GRANT {rights} ON {quoted} TO {role}"))
    connection.commit()
