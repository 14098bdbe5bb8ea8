"""PostgreSQL's error codes, and how to have it raise them."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.errors import StoreUnavailable

OUTAGES = [
    "08000",  # connection exception
    "08006",  # connection failure
    "25006",  # read-only transaction: a standby
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction took too long
    "40003",  # nobody knows whether it was committed
    "53100",  # disk full
    "53200",  # out of memory
    "53300",  # too many connections
    "55P03",  # lock not available
    "57014",  # statement took too long
    "57P01",  # shutdown
    "57P03",  # starting up
    "58000",  # system error
    "58030",  # input or output failed
]
CONFLICTS = ["40000", "40001", "40P01"]
BUGS = [
    "22003",  # number out of range
    "23514",  # a CHECK is violated
    "25P02",  # the transaction failed before
    "40002",  # a constraint is violated at commit
    "42501",  # no permission
    "42703",  # no such column
    "42P01",  # no such table
    "55000",  # not in the state that is needed
    "XX000",  # internal error
    "XX001",  # data corrupted
]
CODES = [*OUTAGES, *CONFLICTS, *BUGS]
#: One of each class, for tests that take longer.
FEW = ["08006", "25006", "40003", "40P01", "42703", "53100", "55P03", "57P01", "58030", "XX000"]


def raises(engine, code, *, before=None, times=10**9):
    """Have PostgreSQL raise this code `times` times: by `failing.now()`, or before a statement."""
    body = (
        f"BEGIN IF nextval('failing.tries') <= {times} THEN"
        f" RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END IF; RETURN NULL; END"
    )
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA failing CREATE SEQUENCE tries"))
        for name, kind in (("now", "integer"), ("before", "trigger")):
            function = f"FUNCTION failing.{name}() RETURNS {kind} LANGUAGE plpgsql AS $${body}$$"
            connection.execute(text(f"CREATE {function}"))
        if before:
            trigger = f"TRIGGER failing BEFORE {before} EXECUTE FUNCTION failing.before()"
            connection.execute(text(f"CREATE {trigger}"))


def tries(engine):
    with engine.begin() as connection:
        return connection.execute(text("SELECT last_value FROM failing.tries")).scalar_one()


def expected(code):
    """Return the exception that is raised for this code."""
    return DBAPIError if code in BUGS else StoreUnavailable


def errors_in(caplog, logger):
    """Return the levels of the records of this logger."""
    return {record.levelno for record in caplog.records if record.name == logger}
