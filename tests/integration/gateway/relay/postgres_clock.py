"""A clock of PostgreSQL's that tests set.

The machine's own clock stays as it is: in these databases now() and clock_timestamp() are functions
of the tests', which a search path puts in front of PostgreSQL's.
"""

from collections.abc import Callable

from sqlalchemy import Engine, text

HOUR = 3_600
LEASE_SECONDS = 15

_CLOCK = """
    CREATE SCHEMA tests;
    CREATE TABLE tests.clock (ahead interval NOT NULL);
    INSERT INTO tests.clock VALUES ('0');
    CREATE FUNCTION tests.now() RETURNS timestamptz STABLE LANGUAGE sql
        AS 'SELECT pg_catalog.now() + ahead FROM tests.clock';
    CREATE FUNCTION tests.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM tests.clock';
    ALTER TABLE calculations ALTER not_before SET DEFAULT tests.now();
    ALTER TABLE workers ALTER seen_at SET DEFAULT tests.now();
    ALTER DATABASE {database} SET search_path = tests, public, pg_catalog"""


def replace_clock(engine: Engine) -> Callable[[float], None]:
    """Put the tests' clock into a database; return what sets it, in seconds ahead."""
    with engine.begin() as connection:
        connection.execute(text(_CLOCK.format(database=engine.url.database)))
    engine.dispose()  # a search path is a session's from its beginning

    def set_ahead(seconds: float) -> None:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE tests.clock SET ahead = make_interval(secs => :s)"), {"s": seconds}
            )

    return set_ahead
