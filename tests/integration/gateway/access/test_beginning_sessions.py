"""POST /session: a browser gives its key once, and gets a cookie."""

import asyncio
import dataclasses
import json
import re

import pytest

from gateway.http.limits import MAX_SESSIONS_PER_KEY
from shared.keys.credential import new_credential
from shared.store.keys.access import find_access
from tests.integration.gateway.access.key_rows import bearer, make_key, rotate
from tests.integration.gateway.access.sessions import (
    OWN,
    attributes_of,
    cookie_of,
    login,
    sha256_of,
    stored,
)


@pytest.fixture
def keyed(store_settings):
    return dataclasses.replace(store_settings, keys="on", session_seconds=60)


def test_a_key_in_the_header_or_in_the_body_begins_a_session(gateway, engine):
    key = make_key(engine, name="ada", scopes=["submit", "read"])

    async def scenario(client):
        first = await client.ask("POST", "/session", authorization=bearer(key))
        second = await login(client, key, **OWN)
        shown = await client.ask("GET", "/session", cookie=cookie_of(second))
        work = await client.ask("GET", "/functions", cookie=f"a=b; {cookie_of(first)}; c=d")
        return first, second, shown, work

    first, second, shown, work = gateway(scenario)
    for answer in (first, second):
        assert answer.status == 201
        assert (answer.json()["key"], answer.json()["scopes"]) == ("ada", ["read", "submit"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-reckoner-key"] == "ada"
    assert shown.status == 200
    assert shown.json() == second.json()
    assert (work.status, work.headers["x-reckoner-key"]) == (200, "ada")
    assert stored(engine) == {sha256_of(first), sha256_of(second)}


def test_a_body_is_checked_even_if_the_key_is_in_the_header(gateway, engine):
    key = make_key(engine)
    body = b'{"key": "of somebody", "user": "ada"}'
    answer = gateway(
        lambda client: client.ask("POST", "/session", authorization=bearer(key), body=body)
    )
    assert answer.status == 422
    assert stored(engine) == set()


@pytest.mark.parametrize(
    ("proto", "is_secure"),
    [
        (None, False),
        ("http", False),
        ("https", True),
        ("HTTPS, http", True),
        ("http, https", False),
    ],
)
def test_the_cookie_is_for_no_script_and_for_no_other_site(gateway, engine, proto, is_secure):
    key = make_key(engine)
    answer = gateway(lambda client: login(client, key, x_forwarded_proto=proto))
    assert re.fullmatch("reckoner_session=rs_[0-9a-f]{64}", cookie_of(answer))
    attributes = attributes_of(answer)
    (max_age,) = {one for one in attributes if one.startswith("max-age=")}
    assert 50 <= int(max_age.removeprefix("max-age=")) <= 60
    expected = {"httponly", "samesite=strict", "path=/"} | ({"secure"} if is_secure else set())
    assert attributes - {max_age} == expected


def test_a_session_does_not_outlive_its_key(gateway, engine):
    key = make_key(engine, expires_in=30)
    answer = gateway(lambda client: login(client, key))
    (max_age,) = (one for one in attributes_of(answer) if one.startswith("max-age="))
    assert 20 <= int(max_age.removeprefix("max-age=")) <= 30


def test_however_many_keys_are_tried_they_share_a_few_queries(gateway, engine, monkeypatch):
    queries = []

    def counted():
        queries.append(1)
        return find_access()

    monkeypatch.setattr("gateway.app.find_access", counted)

    async def scenario(client):
        return await asyncio.gather(*(login(client, new_credential()) for _ in range(200)))

    assert {answer.status for answer in gateway(scenario)} == {401}
    assert len(queries) < 20
    assert stored(engine) == set()


def test_a_session_makes_no_other_session(gateway, engine):
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        token = cookie.removeprefix("reckoner_session=")
        return [
            await client.ask("POST", "/session", cookie=cookie),
            await client.ask("POST", "/session", authorization=f"Bearer {token}"),
            await client.ask("POST", "/session", body=json.dumps({"key": token}).encode()),
        ]

    assert [answer.status for answer in gateway(scenario)] == [401] * 3
    assert len(stored(engine)) == 1


def test_no_session_for_whoever_has_no_valid_key(gateway, engine):
    wrong = dataclasses.replace(make_key(engine), secret="0" * 64)
    keys = [wrong, make_key(engine, expires_in=-1), make_key(engine, revoked_in=-1)]

    async def scenario(client):
        return [await login(client, key) for key in keys]

    for answer in gateway(scenario):
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
    assert stored(engine) == set()


def test_a_secret_that_was_rotated_away_a_moment_ago_begins_no_session(gateway, engine):
    """The gateway still accepts it, until it reads the keys again."""
    key = make_key(engine)

    async def scenario(client):
        await login(client, key)
        rotate(engine, key, former_seconds=-1)
        accepted = await client.ask("GET", "/session", authorization=bearer(key))
        return accepted, await login(client, key)

    accepted, refused = gateway(scenario)
    assert (accepted.status, refused.status) == (200, 401)
    assert "set-cookie" not in refused.headers
    assert len(stored(engine)) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", None, 401),
        (b'{"key": "rk_nonsense"}', "application/json", 401),
        (b'{"key": 5}', "application/json", 422),
        (b'{"key": "rk_secret", "more": 1}', "application/json", 422),
        (b'{"rk_secret": 1}', "application/json", 422),
        (b'["rk_secret"]', "application/json", 422),
        (b'{"key": rk_secret}', "application/json", 400),
        (b'{"key": "rk_secret"' + b" " * 4_096 + b"}", "application/json", 413),
        (b"key=rk_secret", "application/x-www-form-urlencoded", 415),
        (b'{"key": "rk_secret"}', "text/plain", 415),
    ],
)
def test_a_faulty_body_is_refused_and_not_repeated(gateway, body, content_type, status):
    answer = gateway(
        lambda client: client.ask("POST", "/session", body=body, content_type=content_type)
    )
    assert answer.status == status
    assert b"rk_secret" not in answer.body
    assert b"rk_nonsense" not in answer.body


def test_the_oldest_sessions_of_a_key_end_for_new_ones(gateway, engine):
    key, other = make_key(engine), make_key(engine)

    async def scenario(client):
        await login(client, other)
        first = await login(client, key)
        for _ in range(MAX_SESSIONS_PER_KEY):
            last = await login(client, key)
        return first, last

    first, last = map(sha256_of, gateway(scenario))
    assert len(stored(engine)) == MAX_SESSIONS_PER_KEY + 1
    assert last in stored(engine)
    assert first not in stored(engine)


def test_beginning_sessions_counts_for_the_rate_of_the_key(gateway, engine):
    key = make_key(engine, rate_per_second=1)

    async def scenario(client):
        return await login(client, key), await login(client, key)

    first, second = gateway(scenario)
    assert (first.status, second.status) == (201, 429)
    assert len(stored(engine)) == 1
