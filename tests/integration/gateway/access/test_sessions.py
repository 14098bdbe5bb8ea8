"""A browser's session: what its cookie opens, for which pages, and until when."""

import asyncio
import dataclasses

import pytest

from shared.keys.credential import new_token
from tests.integration.gateway.access.key_rows import bearer, make_key, revoke
from tests.integration.gateway.access.sessions import (
    OWN,
    attributes_of,
    cookie_of,
    login,
    stored,
)

OTHER = "http://localhost:3000"


@pytest.fixture
def keyed(store_settings):
    return dataclasses.replace(store_settings, keys="on", cors_origins=OTHER, session_seconds=60)


def test_a_session_has_the_scopes_of_its_key_and_no_others(gateway, engine):
    key = make_key(engine, scopes=["read"])

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        return [
            await client.ask(*request, cookie=cookie, **OWN)
            for request in (("GET", "/calculations"), ("GET", "/calculate/3"), ("GET", "/system"))
        ]

    assert [answer.status for answer in gateway(scenario)] == [200, 403, 403]


def test_a_session_ends_when_it_is_deleted(gateway, engine):
    key = make_key(engine)

    async def scenario(client):
        cookie = cookie_of(await login(client, key))
        return await client.ask("DELETE", "/session", cookie=cookie, **OWN)

    answer = gateway(scenario)
    assert answer.status == 204
    assert stored(engine) == set()
    assert answer.headers["set-cookie"].startswith('reckoner_session="";')
    assert attributes_of(answer) == {"max-age=-1", "path=/", "httponly", "samesite=strict"}
    assert answer.headers["clear-site-data"] == '"cache"'


@pytest.mark.parametrize(
    "cookie", [None, "other=1", "reckoner_session=nonsense", f"reckoner_session=rs_{'0' * 64}"]
)
def test_there_may_be_no_session_to_delete(gateway, engine, cookie):
    kept = make_key(engine)

    async def scenario(client):
        await login(client, kept)
        return await client.ask("DELETE", "/session", cookie=cookie)

    assert gateway(scenario).status == 204
    assert len(stored(engine)) == 1


def test_what_is_no_session_costs_no_statement(gateway, monkeypatch):
    deleted: list[bytes] = []
    monkeypatch.setattr("gateway.routes.session.delete_session", deleted.append)

    async def scenario(client):
        made_up = (f"reckoner_session={new_token()}" for _ in range(20))
        return await asyncio.gather(
            *(client.ask("DELETE", "/session", cookie=cookie) for cookie in made_up)
        )

    assert {answer.status for answer in gateway(scenario)} == {204}
    assert deleted == []


def test_the_cookie_does_not_count_for_pages_of_other_origins(gateway, engine):
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

    statuses = [answer.status for answer in gateway(scenario)]
    assert statuses == [401, 401, 204, 200, 401, 200]
    assert len(stored(engine)) == 1


def test_a_session_causes_nothing_by_a_get_that_no_page_is_named_for(gateway, engine):
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

    assert [answer.status for answer in gateway(scenario)] == [403, 200, 200, 200]


def test_no_other_page_can_log_somebody_in(gateway, engine):
    key = make_key(engine)
    answer = gateway(lambda client: login(client, key, sec_fetch_site="cross-site", origin="null"))
    assert (answer.status, answer.json()["type"]) == (403, "urn:reckoner:problem:cross-site")
    assert "set-cookie" not in answer.headers
    assert stored(engine) == set()


def test_a_session_dies_with_its_key(gateway, engine):
    key = make_key(engine)
    cookie = cookie_of(gateway(lambda client: login(client, key)))
    revoke(engine, key)
    answer = gateway(lambda client: client.ask("GET", "/session", cookie=cookie))
    assert answer.status == 401


def test_without_a_session_there_is_nothing_to_show(gateway):
    answer = gateway(lambda client: client.ask("GET", "/session"))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="reckoner"')


def test_a_key_is_told_whose_it_is(gateway, engine):
    key = make_key(engine, name="program", scopes=["operate"])
    answer = gateway(lambda client: client.ask("GET", "/session", authorization=bearer(key)))
    assert answer.json() == {"key": "program", "scopes": ["operate"], "expires_at": None}


def test_without_keys_nobody_needs_a_session(gateway, store_settings, engine):
    async def scenario(client):
        return [
            await client.ask("GET", "/session", cookie="reckoner_session=nonsense"),
            await client.ask("POST", "/session", body=b'{"key": "anything"}'),
            await client.ask("DELETE", "/session"),
        ]

    shown, begun, ended = gateway(scenario, store_settings)
    assert (shown.status, shown.json()) == (200, {"keys": "off"})
    assert (begun.status, begun.json()) == (200, {"keys": "off"})
    assert "set-cookie" not in begun.headers
    assert (ended.status, ended.body) == (204, b"")
