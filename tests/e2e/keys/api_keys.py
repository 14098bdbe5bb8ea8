"""Keys of every kind in the database of a stack, and credentials that are none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from shared.keys.credential import digest, new_credential
from shared.keys.scope import Scope
from shared.store.tables.access import api_keys

EVERY_SCOPE = tuple(Scope)

#: Kinds of `Keys.bad`.
BAD = [
    *("no key", "no scheme", "another scheme", "an empty key", "half a key", "a key and more"),
    *("in capitals", "two keys", "bytes beyond ASCII", "an unknown id", "a wrong secret"),
    *("a former secret", "an expired key", "a revoked key"),
]


@dataclass(frozen=True)
class Keys:
    """Texts of keys by name, and every secret that must appear nowhere."""

    texts: dict[str, str]
    bad: dict[str, str]
    secrets: list[str]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def insert_key(
    engine: Engine, name: str, scopes: Sequence[Scope] = EVERY_SCOPE, **columns: Any
) -> str:
    """Store a key as `reckoner key create` does; return its text."""
    credential = new_credential()
    with engine.begin() as connection:
        connection.execute(
            api_keys.insert().values(
                id=credential.id,
                name=name,
                secret_sha256=credential.sha256,
                scopes=[str(scope) for scope in scopes],
                **columns,
            )
        )
    return credential.text


def revoke(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE api_keys SET revoked_at = now() WHERE name = :name"), {"name": name}
        )


def insert_keys(engine: Engine) -> Keys:
    """Have keys that are good, each single scope among them, and those that are not any more."""
    former, running_out = new_credential().secret, new_credential().secret
    texts = {"operator": insert_key(engine, "operator")}
    texts |= {scope: insert_key(engine, f"only-{scope}", [scope]) for scope in Scope}
    # Rotated: the former secret is valid for a while more, or not any more.
    texts["rotated"] = insert_key(
        engine,
        "rotated",
        former_sha256=digest(running_out),
        former_until=text("now() + interval '1 hour'"),
    )
    over = insert_key(
        engine, "over", former_sha256=digest(former), former_until=text("now() - interval '1 s'")
    )
    texts["rotated-former"] = with_secret(texts["rotated"], running_out)
    texts["over"] = over
    expired = insert_key(engine, "expired", expires_at=text("now() - interval '1 s'"))
    revoked = insert_key(engine, "revoked", revoked_at=text("now() - interval '1 hour'"))
    good = texts["operator"]
    unknown = new_credential()
    bad = {
        "no key": "",
        "no scheme": good,
        "another scheme": f"Basic {good}",
        "an empty key": "Bearer",
        "half a key": f"Bearer {good[:40]}",
        "a key and more": f"Bearer {good}0",
        "in capitals": f"Bearer {good.upper()}",
        "two keys": f"Bearer {good}, Bearer {good}",
        "bytes beyond ASCII": "Bearer rk_\u00e9",
        "an unknown id": f"Bearer {unknown.text}",
        "a wrong secret": f"Bearer {with_secret(good, unknown.secret)}",
        "a former secret": f"Bearer {with_secret(over, former)}",
        "an expired key": f"Bearer {expired}",
        "a revoked key": f"Bearer {revoked}",
    }
    assert list(bad) == BAD
    secrets = [key.rpartition("_")[2] for key in (*texts.values(), expired, revoked)]
    return Keys(texts, bad, [*secrets, former, unknown.secret])


def with_secret(key: str, secret: str) -> str:
    """Return the key with another secret."""
    return f"{key.rpartition('_')[0]}_{secret}"


def holders(secrets: Sequence[str], files: Sequence[Path]) -> list[Path]:
    """Return those of the files that hold a secret; some may be gone by now."""
    found = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            continue
        if any(secret.encode() in content for secret in secrets):
            found.append(file)
    return found
