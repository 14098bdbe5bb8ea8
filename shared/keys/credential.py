"""The text of a key, `rk_<id>_<secret>`, and of a session's token, `rs_<secret>`.

A secret has 256 random bits, so a plain SHA-256 of it can be stored: there is nothing to guess.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

_ID_BYTES = 6
_SECRET_BYTES = 32

_KEY = re.compile(rf"rk_([0-9a-f]{{{2 * _ID_BYTES}}})_([0-9a-f]{{{2 * _SECRET_BYTES}}})", re.ASCII)
_TOKEN = re.compile(rf"rs_([0-9a-f]{{{2 * _SECRET_BYTES}}})", re.ASCII)
# Also a part of one.
_ANY = re.compile(rf"rk_[0-9a-f]{{{2 * _ID_BYTES}}}_|rs_[0-9a-f]{{16}}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as its client has it; the secret is not shown in logs and tracebacks."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole key, which is shown once."""
        return f"rk_{self.id}_{self.secret}"

    @property
    def sha256(self) -> bytes:
        """What is stored of the secret."""
        return digest(self.secret)


def new_credential(key_id: str | None = None) -> Credential:
    """Return a new key, or a new secret for the key of this id."""
    return Credential(key_id or secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES))


def parse_key(text: str) -> Credential | None:
    """Return the key, or None if the text has another form."""
    found = _KEY.fullmatch(text)
    return Credential(found[1], found[2]) if found else None


def new_token() -> str:
    """Return the token of a new session."""
    return f"rs_{secrets.token_hex(_SECRET_BYTES)}"


def parse_token(text: str) -> str | None:
    """Return the secret of a session's token, or None if the text has another form."""
    found = _TOKEN.fullmatch(text)
    return found[1] if found else None


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret, of 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()


def without_key(text: str) -> str:
    """Return a text for the log as it is, or what stands for it if it holds a key or a token."""
    return "(hidden: it holds a key)" if _ANY.search(text) else text
