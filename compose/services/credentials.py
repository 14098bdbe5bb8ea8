"""A service's login: generated once, and kept in a file that only its owner may read."""

import os
import secrets
from pathlib import Path

#: The role that owns the database and migrates it.
OWNER = "reckoner"

#: PostgreSQL's roles for gateways, relays and workers, and for `reckoner key`.
APP = "reckoner_app"
KEYS = "reckoner_keys"


def password_in(file: Path) -> str:
    """Return the password kept in the file, generating it first if there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when complete, so that a crash leaves a whole password or none.
        draft = file.with_name(file.name + ".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            # Hexadecimal: nothing to escape in a URL, an SQL literal or a configuration file.
            stream.write(secrets.token_hex(16) + "\n")
        draft.rename(file)
    return file.read_text().strip()
