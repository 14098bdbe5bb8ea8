"""Browsers' sessions: a key is given once, and a cookie stands for it."""

import asyncio
import dataclasses
import json
import re

import pytest
from sqlalchemy import text

from gateway.http.limits import MAX_SESSIONS_PER_KEY
from shared.keys.credential import digest, new_credential, new_token, parse_token
from shared.store.keys.access import find_access
from tests.asgi import serving
from tests.integration.gateway.access.key_rows import bearer, make_key, revoke, rotate

OWN = {"sec_fetch_site": "same-origin", "origin": "http://localhost"}
OTHER = "http://localhost:3000"


@pytest.fixture
def keyed(store_settings):
    return dataclasses.replace(store_settings, keys="on", cors_origins=OTHER, session_seconds=60)


@pytest.fixture
def run(keyed, registry):
    """Run a scenario with a client of a gateway whose keys are on."""

    def run(scenario, settings=keyed):
        async def main():
            async with serving(settings, registry) as client, asyncio.timeout(60):
                return await scenario(client)

        return asyncio.run(main())

    return run


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


def test_a_key_in_the_header_or_in_the_body_begins_a_session(run, engine):
    key = make_key(engine, name="ada", scopes=["submit", "read"])

    async def scenario(client):
        first = await client.ask("POST", "/session", authorization=bearer(key))
        second = await login(client, key, **OWN)
        shown = await client.ask("GET", "/session", cookie=cookie_of(second))
        work = await client.ask("GET", "/functions", cookie=f"a=b; {cookie_of(first)}; c=d")
        return first, second, shown, work

    first, second, shown, work = run(scenario)
    for answer in (first, second):
        assert answer.status == 201
        assert (answer.json()["key"], answer.json()["scopes"]) == ("ada", ["read", "submit"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-reckoner-key"] == "ada"
    assert shown.status == 200
    assert shown.json() == second.json()
    assert (work.status, work.headers["x-reckoner-key"]) == (200, "ada")
    assert stored(engine) == {sha256_of(first), sha256_of(second)}


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
def test_the_cookie_is_for_no_script_and_for_no_other_site(run, engine, proto, is_secure):
    key = make_key(engine)
    answer = run(lambda client: login(client, key, x_forwarded_proto=proto))
    assert re.fullmatch("reckoner_session=rs_[0-9a-f]{64}", cookie_of(answer))
    attributes = attributes_of(answer)
    (max_age,) = {one for one in attributes if one.startswith("max-age=")}
    assert 50 <= int(max_age.removeprefix("max-age=")) <= 60
    expected = {"httponly", "samesite=strict", "path=/"} | ({"secure"} if is_secure else set())
    assert attributes - {max_age} == expected


def test_a_session_does_not_outlive_its_key(run, engine):
    key = make_key(engine, expires_in=30)
    answer = run(lambda client: login(client, key))
    (max_age,) = (one for one in attributes_of(answer) if one.startswith("max-age="))
    assert 20 <= int(max_age.removeprefix("max-age=")) <= 30


def test_a_session_has_the_scopes_of_its_key_and_no_others(run, engine):
    key = make_key(engine, scopes=["read"])

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        return [
            await client.ask(*request, cookie=cookie, **OWN)
            for request in (("GET", "/calculations"), ("GET", "/calculate/3"), ("GET", "/system"))
        ]

    assert [answer.status for answer in run(scenario)] == [200, 403, 403]


def test_a_session_ends_when_it_is_deleted(run, engine):
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        return await client.ask("DELETE", "/session", cookie=cookie, **OWN)

    answer = run(scenario)
    assert answer.status == 204
    assert stored(engine) == set()
    assert answer.headers["set-cookie"].startswith('reckoner_session="";')
    assert attributes_of(answer) == {"max-age=-1", "path=/", "httponly", "samesite=strict"}
    assert answer.headers["clear-site-data"] == '"cache"'


@pytest.mark.parametrize(
    "cookie", [None, "other=1", "reckoner_session=nonsense", f"reckoner_session={new_token()}"]
)
def test_there_may_be_no_session_to_delete(run, engine, cookie):
    kept = make_key(engine)

    async def scenario(client):
        await login(client, kept)
        return await client.ask("DELETE", "/session", cookie=cookie)

    assert run(scenario).status == 204
    assert len(stored(engine)) == 1


def test_however_many_keys_are_tried_they_share_a_few_queries(run, engine, monkeypatch):
    queries = []

    def counted():
        queries.append(1)
        return find_access()

    monkeypatch.setattr("gateway.app.find_access", counted)

    async def scenario(client):
        return await asyncio.gather(*(login(client, new_credential()) for _ in range(200)))

    assert {answer.status for answer in run(scenario)} == {401}
    assert len(queries) < 20
    assert stored(engine) == set()


def test_what_is_no_session_costs_no_statement(run, monkeypatch):
    deleted: list[bytes] = []
    monkeypatch.setattr("gateway.routes.session.delete_session", deleted.append)

    async def scenario(client):
        made_up = (f"reckoner_session={new_token()}" for _ in range(20))
        return await asyncio.gather(
            *(client.ask("DELETE", "/session", cookie=cookie) for cookie in made_up)
        )

    assert {answer.status for answer in run(scenario)} == {204}
    assert deleted == []


def test_a_session_makes_no_other_session(run, engine):
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        token = cookie.removeprefix("reckoner_session=")
        return [
            await client.ask("POST", "/session", cookie=cookie),
            await client.ask("POST", "/session", authorization=f"Bearer {token}"),
            await client.ask("POST", "/session", body=json.dumps({"key": token}).encode()),
        ]

    assert [answer.status for answer in run(scenario)] == [401] * 3
    assert len(stored(engine)) == 1


def test_no_session_for_whoever_has_no_valid_key(run, engine):
    wrong = dataclasses.replace(make_key(engine), secret="0" * 64)
    keys = [wrong, make_key(engine, expires_in=-1), make_key(engine, revoked_in=-1)]

    async def scenario(client):
        return [await login(client, key) for key in keys]

    for answer in run(scenario):
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
    assert stored(engine) == set()


def test_a_secret_that_was_rotated_away_a_moment_ago_begins_no_session(run, engine):
    """The gateway still accepts it, until it reads the keys again."""
    key = make_key(engine)

    async def scenario(client):
        await login(client, key)
        rotate(engine, key, former_seconds=-1)
        accepted = await client.ask("GET", "/session", authorization=bearer(key))
        return accepted, await login(client, key)

    accepted, refused = run(scenario)
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
def test_a_faulty_body_is_refused_and_not_repeated(run, body, content_type, status):
    answer = run(
        lambda client: client.ask("POST", "/session", body=body, content_type=content_type)
    )
    assert answer.status == status
    assert b"rk_secret" not in answer.body
    assert b"rk_nonsense" not in answer.body


def test_the_oldest_sessions_of_a_key_end_for_new_ones(run, engine):
    key, other = make_key(engine), make_key(engine)

    async def scenario(client):
        await login(client, other)
        first = await login(client, key)
        for _ in range(MAX_SESSIONS_PER_KEY):
            last = await login(client, key)
        return first, last

    first, last = map(sha256_of, run(scenario))
    assert len(stored(engine)) == MAX_SESSIONS_PER_KEY + 1
    assert last in stored(engine)
    assert first not in stored(engine)


def test_the_cookie_does_not_count_for_pages_of_other_origins(run, engine):
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        allowed = {"cookie": cookie, "origin": OTHER, "sec_fetch_site": "same-site"}
        return (
            # A page that may use the service, with a key: not with the cookie of the user.
            await client.ask("GET", "/calculations", **allowed),
            await client.ask("GET", "/calculate/3", **allowed),
            await client.ask("DELETE", "/session", **allowed),
            await client.ask("GET", "/calculate/3", **allowed, authorization=bearer(key)),
            # The header wins.
            await client.ask("GET", "/calculations", cookie=cookie, authorization="Bearer wrong"),
            await client.ask("GET", "/calculations", cookie=cookie),
        )

    statuses = [answer.status for answer in run(scenario)]
    assert statuses == [401, 401, 204, 200, 401, 200]
    assert len(stored(engine)) == 1


def test_a_session_causes_nothing_by_a_get_that_no_page_is_named_for(run, engine):
    """Such as a picture on a page of another port, over plain HTTP to another machine."""
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        return (
            await client.ask("GET", "/calculate/3", cookie=cookie),
            await client.ask("GET", "/calculate/3", cookie=cookie, **OWN),
            await client.ask("GET", "/calculations", cookie=cookie),
            await client.ask("GET", "/calculate/3", authorization=bearer(key)),
        )

    assert [answer.status for answer in run(scenario)] == [403, 200, 200, 200]


def test_no_other_page_can_log_somebody_in(run, engine):
    key = make_key(engine)
    answer = run(lambda client: login(client, key, sec_fetch_site="cross-site", origin="null"))
    assert (answer.status, answer.json()["type"]) == (403, "urn:reckoner:problem:cross-site")
    assert "set-cookie" not in answer.headers
    assert stored(engine) == set()


def test_a_session_dies_with_its_key(run, engine):
    key = make_key(engine)
    cookie = cookie_of(run(lambda client: login(client, key)))
    revoke(engine, key)
    answer = run(lambda client: client.ask("GET", "/session", cookie=cookie))
    assert answer.status == 401


def test_without_a_session_there_is_nothing_to_show(run):
    answer = run(lambda client: client.ask("GET", "/session"))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="reckoner"')


def test_a_key_is_told_whose_it_is(run, engine):
    key = make_key(engine, name="program", scopes=["operate"])
    answer = run(lambda client: client.ask("GET", "/session", authorization=bearer(key)))
    assert answer.json() == {"key": "program", "scopes": ["operate"], "expires_at": None}


def test_beginning_sessions_counts_for_the_rate_of_the_key(run, engine):
    key = make_key(engine, rate_per_second=1)

    async def scenario(client):
        return await login(client, key), await login(client, key)

    first, second = run(scenario)
    assert (first.status, second.status) == (201, 429)
    assert len(stored(engine)) == 1


def test_without_keys_nobody_needs_a_session(run, store_settings, engine):
    async def scenario(client):
        return [
            await client.ask("GET", "/session", cookie="reckoner_session=nonsense"),
            await client.ask("POST", "/session", body=b"anything"),
            await client.ask("DELETE", "/session"),
        ]

    shown, begun, ended = run(scenario, store_settings)
    assert (shown.status, shown.json()) == (200, {"keys": "off"})
    assert (begun.status, begun.json()) == (200, {"keys": "off"})
    assert "set-cookie" not in begun.headers
    assert (ended.status, ended.body) == (204, b"")
