"""How a browser begins a session, and what is known of it."""

import json

from sqlalchemy import text

from shared.keys.credential import digest, parse_token

#: What a page of this service sends.
OWN = {"sec_fetch_site": "same-origin", "origin": "http://localhost"}


def login(client, key, **headers):
    body = json.dumps({"key": key.text}).encode()
    return client.ask("POST", "/session", body=body, **headers)


def cookie_of(answer):
    """Return the value of the Cookie header that a browser sends from now on."""
    return answer.headers["set-cookie"].partition(";")[0]


def attributes_of(answer):
    return set(answer.headers["set-cookie"].lower().split("; ")[1:])


def sha256_of(answer):
    secret = parse_token(cookie_of(answer).removeprefix("reckoner_session="))
    assert secret is not None
    return digest(secret)


def stored(engine):
    with engine.begin() as connection:
        return set(
            map(bytes, connection.execute(text("SELECT token_sha256 FROM sessions")).scalars())
        )
