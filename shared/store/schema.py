"""Which schema the database has, and whether this version of the program works with it."""

import re
from dataclasses import dataclass
from enum import Enum

from shared.postgres.prepared import Prepared, Query, Rows
from shared.store.models import SCHEMA_REVISION

_NUMBERED = re.compile(r"[0-9]{4}")

#: Beside the revision: whether a submission could write at all. The look for a row that is not
#: there takes the lock on the table that a submission takes, and reads one page of its index.
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
    """How the database's schema relates to the one that this version of the program knows."""

    EMPTY = "empty"
    OLDER = "older"
    EQUAL = "equal"
    NEWER_COMPATIBLE = "newer, and says that it works with this version"
    NEWER = "newer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Schema:
    """The database's revision, and the oldest SCHEMA_REVISION of code that works with it."""

    revision: str | None
    oldest_revision: str | None
    is_read_only: bool

    @property
    def fit(self) -> Fit:
        """Say whether this version of the program works with it."""
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
        """What to tell whoever starts this version with such a database; None if it works."""
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
                    f"at schema {self.revision!r}, which is none of Reckoner's: "
                    "use a database that no other program has"
                )
        return None


NO_SCHEMA = Schema(None, None, is_read_only=False)


def find_schema() -> Query[Schema]:
    """Give the schema. It fails for want of a table if it is older than 0003, or none of ours."""
    return Query(_FIND_SCHEMA, (), _schema)


def find_revision() -> Query[Schema]:
    """Give a schema by its revision alone. It fails for want of a table if there is none."""
    return Query(_FIND_REVISION, (), _schema)


def _schema(rows: Rows) -> Schema:
    found = [tuple(row) for row in rows]
    if not found:
        return NO_SCHEMA
    # Several revisions at once are none of ours, and are shown as they are.
    revision = ", ".join(sorted(str(row[0]) for row in found))
    return Schema(revision, found[0][1], is_read_only=found[0][2])
