"""Why a migration does not go on. The message says what is wrong and what to do."""


class MigrationError(Exception):
    """Base of what is wrong with a database or a command, and no fault in a migration."""


class SchemaUnfit(MigrationError):
    """Raised when the database's schema is not one that this version knows."""


class RevisionUnknown(MigrationError):
    """Raised when the command names a revision that cannot be gone to."""


class InstallationIncomplete(MigrationError):
    """Raised when the migrations themselves are missing."""


class LockNotAvailable(MigrationError):
    """Raised when a lock was not to be had in time; the message says which, and who has it."""
