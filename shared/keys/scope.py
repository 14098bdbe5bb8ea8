"""What a key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """A key has at least one. None includes another."""

    READ = "read"
    SUBMIT = "submit"
    CANCEL = "cancel"
    OPERATE = "operate"
