"""The database's schema revision, and whether this version of Reckoner works with it."""

import re
from dataclasses import dataclass
from enum import Enum

from shared.postgres.prepared import Prepared, Query, Rows

#: The migration that makes these tables.
SCHEMA_REVISION = "0007"

_NUMBERED = re.compile(r"[0-9]{4}")

#: Beside the revision: whether a submission could write. The query for a row that does not exist
#: takes the table lock that a submission takes, and reads one page of the index.
_FIND_SCHEMA = Prepared(
    "find_schema",
    (),
    """
    SELECT version_num, (SELECT oldest_revision FROM schema_compatibility),
           current_setting('transaction_read_only') = 'on',
           EXISTS (SELECT FROM calculations WHERE id = '00000000-0000-0000-0000-000000000000')
    FROM alembic_version""",
)

_FIND_REVISION = Prepared(
    "find_revision",
    (),
    "SELECT version_num, NULL, current_setting('transaction_read_only') = 'on' "
    "FROM alembic_version",
)


class Fit(Enum):
    """How the database's schema relates to the one that this version of Reckoner knows."""

    EMPTY = "empty"
    OLDER = "older"
    EQUAL = "equal"
    NEWER_COMPATIBLE = "newer, and compatible with this version"
    NEWER = "newer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Schema:
    """The database's revision, and the oldest SCHEMA_REVISION of a version that works with it."""

    revision: str | None
    oldest_revision: str | None
    is_read_only: bool

    @property
    def fit(self) -> Fit:
        """Whether this version of Reckoner works with it."""
        if not self.revision:
            return Fit.EMPTY
        if not _NUMBERED.fullmatch(self.revision):
            return Fit.UNKNOWN
        if self.revision == SCHEMA_REVISION:
            return Fit.EQUAL
        if self.revision < SCHEMA_REVISION:
            return Fit.OLDER
        oldest = self.oldest_revision or ""
        if _NUMBERED.fullmatch(oldest) and oldest <= SCHEMA_REVISION:
            return Fit.NEWER_COMPATIBLE
        return Fit.NEWER

    @property
    def fault(self) -> str | None:
        """Why this version does not work with the database, and what to do; None if it does."""
        match self.fit:
            case Fit.EMPTY:
                return "not migrated: run `python -m migrations upgrade`"
            case Fit.OLDER:
                return (
                    f"at schema {self.revision}, older than this version's {SCHEMA_REVISION}: "
                    "run `python -m migrations upgrade`"
                )
            case Fit.NEWER:
                return (
                    f"the database is newer than this version ({self.revision}, "
                    f"{SCHEMA_REVISION} known): run the newer version"
                )
            case Fit.UNKNOWN:
                return (
                    f"at schema {self.revision!r}, which is not Reckoner's: "
                    "use a database that no other program uses"
                )
        return None


NO_SCHEMA = Schema(None, None, is_read_only=False)


def find_schema() -> Query[Schema]:
    """Return the schema. Fails with UndefinedTable if it is older than 0003 or not Reckoner's."""
    return Query(_FIND_SCHEMA, (), _schema)


def find_revision() -> Query[Schema]:
    """Return the schema's revision alone. Fails with UndefinedTable if there is none."""
    return Query(_FIND_REVISION, (), _schema)


def _schema(rows: Rows) -> Schema:
    found = [tuple(row) for row in rows]
    if not found:
        return NO_SCHEMA
    # Several revisions at once are not Reckoner's, and are reported as they are.
    revision = ", ".join(sorted(str(row[0]) for row in found))
    return Schema(revision, found[0][1], is_read_only=found[0][2])
