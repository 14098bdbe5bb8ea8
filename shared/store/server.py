"""What PostgreSQL says of itself and of the role that is connected, for `reckoner doctor`."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

#: A view of sessions and a list of roles, which every role may read as far as it is needed here.
_SERVER = text("""
    SELECT current_setting('server_version') AS version,
           current_setting('server_version_num')::integer AS version_number,
           pg_is_in_recovery() AS is_standby,
           current_setting('transaction_read_only') = 'on' AS is_read_only,
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
               AS is_encrypted,
           inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS is_local,
           current_setting('fsync') = 'on' AS has_fsync,
           current_setting('full_page_writes') = 'on' AS has_full_page_writes,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on'
               AS has_autovacuum,
           current_setting('max_connections')::integer
               - current_setting('superuser_reserved_connections')::integer
               - coalesce(current_setting('reserved_connections', true), '0')::integer
               AS connections,
           (SELECT count(usesysid) FROM pg_stat_activity) AS used_connections,
           current_user AS role,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
           pg_database_size(current_database()) AS database_bytes,
           extract(epoch FROM clock_timestamp())::float AS clock""")

#: A table that is not there has no rights: that is the schema's fault, which is found elsewhere.
_LACKING = text("""
    SELECT table_name, "right"
    FROM unnest(CAST(:tables AS text[]), CAST(:columns AS text[]), CAST(:rights AS text[]))
         AS wanted (table_name, column_name, "right"),
         LATERAL (SELECT to_regclass('public.' || table_name)::oid AS id) AS found
    WHERE found.id IS NOT NULL
      AND NOT CASE WHEN column_name IS NULL THEN has_table_privilege(found.id, "right")
                   ELSE has_column_privilege(found.id, column_name, "right") END""")


class Server(NamedTuple):
    """The server of a connection, and the role that is connected.

    `connections` are those that ordinary roles may have together.
    """

    version: str
    version_number: int
    is_standby: bool
    is_read_only: bool
    is_encrypted: bool
    is_local: bool
    has_fsync: bool
    has_full_page_writes: bool
    synchronous_commit: str
    has_autovacuum: bool
    connections: int
    used_connections: int
    role: str
    is_superuser: bool
    database_bytes: int
    clock: float


class Right(NamedTuple):
    """What a role may do with a table, or with one column of it."""

    table: str
    right: str
    column: str | None = None


def read_server(connection: Connection) -> Server:
    """Return the state of the server."""
    return Server._make(connection.execute(_SERVER).one())


def find_lacking_rights(
    connection: Connection, wanted: Iterable[Right]
) -> Sequence[tuple[str, str]]:
    """Return which of these rights the role does not have, each as table and right."""
    rights = list(wanted)
    rows = connection.execute(
        _LACKING,
        {
            "tables": [one.table for one in rights],
            "columns": [one.column for one in rights],
            "rights": [one.right for one in rights],
        },
    )
    return [(table, right) for table, right in rows]
