"""Why a migration cannot be done. The message says what is wrong and what to do."""


class MigrationError(Exception):
    """Base of errors in a command, a database or an installation, not in a migration itself."""


class SchemaUnfit(MigrationError):
    """Raised when the database's schema is not one that this version knows."""


class RevisionUnknown(MigrationError):
    """Raised when the command names a revision to which the schema cannot go."""


class InstallationIncomplete(MigrationError):
    """Raised when the migrations themselves are missing."""


class LockNotAvailable(MigrationError):
    """Raised when a lock was not free in time; the message names it and who holds it."""
