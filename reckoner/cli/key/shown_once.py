"""Writes a new key to standard output, alone, so that `KEY=$(reckoner key create …)` has it."""

import sys

from reckoner.cli.key.database import fail
from shared.keys.credential import Credential


def show_once(credential: Credential) -> None:
    """Write the key. It is stored by now, and nobody can be shown it again."""
    try:
        sys.stdout.write(f"{credential.text}\n")
        sys.stdout.flush()
    except OSError as error:
        fail(
            f"The key could not be written to standard output ({error.strerror}), so nobody has "
            f"it. Revoke it by `reckoner key revoke {credential.id}`, and create it again."
        )
