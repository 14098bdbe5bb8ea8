"""Which key a name or an id means."""

from collections.abc import Sequence

from reckoner.cli.key.database import fail
from shared.keys.api_key import ApiKey


def select(found: Sequence[ApiKey], name_or_id: str) -> ApiKey:
    """Return the key among those of this name or id; exit if there is none, or more than one.

    Revoked keys may share a name: they are meant only if no other has it, and then the last one.
    """
    usable = [key for key in found if key.revoked_at is None]
    if len(usable) > 1:
        ids = ", ".join(key.id for key in usable)
        fail(f"{name_or_id} is the name of one key and the id of another. Give an id of {ids}.")
    if usable:
        return usable[0]
    revoked = [(key.revoked_at, key) for key in found if key.revoked_at is not None]
    if not revoked:
        fail(
            f"There is no key with the name or id {name_or_id!r:.80}. "
            "`reckoner key list --all` shows all."
        )
    return max(revoked, key=lambda one: one[0])[1]
