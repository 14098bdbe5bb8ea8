"""What to see to before others can reach the service.

docs/explanation/security.md has the reasons.
"""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from reckoner.cli.operating.doctor.findings import Finding, fault, note, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from shared.config import Settings
from shared.config.ip_addresses import is_loopback
from shared.keys.scope import Scope
from shared.store.keys.administration import list_keys, read_now

_SOON = timedelta(days=14)

#: Passwords that everybody tries first, beside the name of the user.
_WELL_KNOWN = frozenset(
    {"", "admin", "changeme", "guest", "password", "postgres", "rabbitmq", "reckoner", "secret"}
)

_LEAST_PASSWORD_CHARACTERS = 12


def check_settings(installation: Installation) -> Iterator[Finding]:
    """Find settings that fit a trial on one machine, and nothing beyond."""
    settings = installation.settings
    if not installation.is_production:
        yield warning(
            "RECKONER_ENV is not production: keys are off unless they are set, and there are "
            "default addresses and passwords.",
            "Set RECKONER_ENV=production before others can reach the service.",
        )
    else:
        yield ok("RECKONER_ENV is production.")
    yield from _passwords(settings, is_production=installation.is_production)
    if not settings.are_keys_on:
        level = warning if not is_loopback(settings.address) or installation.is_production else note
        yield level(
            "Keys are off: whoever can reach the service may do everything.",
            "Set RECKONER_KEYS=on, and make keys with `reckoner key create`.",
        )
    if installation.is_production and not settings.max_queued_bytes:
        yield warning(
            "What may be queued has no limit of bytes.",
            "Set RECKONER_MAX_QUEUED_BYTES to less than PostgreSQL's disk has free.",
        )
    yield note(
        "Backups cannot be seen from here.",
        "See that PostgreSQL is backed up and that a restore has been tried: "
        "docs/how-to/back-up-and-restore.md.",
    )


def _passwords(settings: Settings, *, is_production: bool) -> Iterator[Finding]:
    level = fault if is_production else warning
    url = settings.sqlalchemy_url
    found = [("RECKONER_DATABASE_PASSWORD", url.username or "", url.password or "")]
    for node in settings.amqp_urls[:1]:
        parts = urlsplit(node)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        found.append(("RECKONER_BROKER_PASSWORD", user, password))
    weak = [
        name
        for name, user, password in found
        if password.lower() in _WELL_KNOWN
        or password == user
        or len(password) < _LEAST_PASSWORD_CHARACTERS
    ]
    for name in weak:
        yield level(
            f"{name} is missing, short or one that everybody tries first.",
            "Generate one, for example with `openssl rand -hex 16`, and give it by a file: "
            f"{name}_FILE.",
        )
    if not weak:
        yield ok("The passwords of PostgreSQL and RabbitMQ are not among those tried first.")


def check_keys(installation: Installation) -> Iterator[Finding]:
    """Find whether there is a valid key, one that may operate, and which expire soon."""
    if not installation.settings.are_keys_on:
        return
    with installation.engine.connect() as connection:
        now = read_now(connection)
        keys = list_keys(connection, with_revoked=False)
    valid = [key for key in keys if not key.is_expired(now)]
    if not valid:
        yield fault(
            "Keys are on, and none is valid: nobody can use the service.",
            "Make one: `reckoner key create NAME --scope read,submit,cancel,operate`.",
        )
        return
    yield ok(f"{len(valid)} key(s) are valid.")
    if not any(Scope.OPERATE in key.scopes for key in valid):
        yield warning(
            "No valid key has the scope operate: nobody can read /system and /metrics.",
            "Make one: `reckoner key create operator --scope read,operate`.",
        )
    for key in valid:
        if key.expires_at is not None and key.expires_at - now < _SOON:
            yield warning(
                f"The key {key.name} expires on {key.expires_at:%Y-%m-%d %H:%M} UTC.",
                f"Rotate it in time: `reckoner key rotate {key.name}`.",
            )
