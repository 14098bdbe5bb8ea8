"""Without a valid key with the right scope, no route does or shows anything."""

import asyncio
import dataclasses
from typing import Any

import pytest
from sqlalchemy import text

from gateway.app import create_app
from tests.asgi import serving
from tests.integration.gateway.access.key_rows import (
    ALL_SCOPES,
    bearer,
    make_key,
)
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.results import store_result

#: What each method of each route needs. OPTIONS only names the methods.
SCOPES = {
    ("GET", "/"): None,
    ("GET", "/calculations"): "read",
    ("GET", "/calculations/count"): "read",
    ("GET", "/calculations/events"): "read",
    ("POST", "/calculations"): "submit",
    ("POST", "/calculations/batch"): "submit",
    ("POST", "/calculations/cancel"): "cancel",
    ("POST", "/estimates"): "read",
    ("GET", "/calculations/{calculation_id}"): "read",
    ("DELETE", "/calculations/{calculation_id}"): "cancel",
    ("GET", "/calculations/{calculation_id}/result"): "read",
    ("GET", "/calculations/{calculation_id}/events"): "read",
    ("GET", "/calculate/{n}"): "submit",
    ("GET", "/functions"): "read",
    ("GET", "/functions/{name}"): "read",
    ("GET", "/system"): "operate",
    ("GET", "/system/history"): "operate",
    ("POST", "/dead-letters/redrive"): "operate",
    ("GET", "/metrics"): "operate",
    ("GET", "/openapi.json"): None,
    ("GET", "/console"): None,
    ("GET", "/console/{page:path}"): None,
    ("GET", "/console/files/{digest}/{file:path}"): None,
    ("GET", "/docs"): None,
    ("GET", "/docs/{file}"): None,
    ("GET", "/health/live"): None,
    ("GET", "/health/ready"): None,
    # A session is what a key is given for.
    ("GET", "/session"): None,
    ("POST", "/session"): None,
    ("DELETE", "/session"): None,
}

BODIES = {
    "/calculations": b'{"function": "fibonacci", "arguments": {"n": 77}}',
    "/calculations/batch": b'{"calculations": [{"function": "fibonacci", "arguments": {"n": 78}}]}',
    "/calculations/cancel": b'{"ids": ["00000000-0000-5000-8000-000000000000"]}',
    "/estimates": b'{"function": "fibonacci", "arguments": {"n": 79}}',
    "/dead-letters/redrive": b'{"lane": "quick"}',
}

REALM = 'Bearer realm="reckoner"'

INVALID = f'{REALM}, error="invalid_token"'


def all_routes(app) -> dict[str, Any]:
    """Return the resource of each route, by its path."""
    found = {}

    def walk(nodes, path):
        for node in nodes:
            here = f"{path}/{node.raw_segment}"
            if node.resource is not None:
                found[here] = node.resource
            walk(node.children, here)

    walk(app._router._roots, "")
    return found


def all_requests(app):
    """Return each method and path that is served, with HEAD as well."""
    return [
        (method, path)
        for path, resource in all_routes(app).items()
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if hasattr(resource, f"on_{method.lower()}")
    ]


def needed(method, path):
    return SCOPES["GET" if method == "HEAD" else method, path]


async def ask(client, method, path, calculation_id, **headers):
    target = path.format(calculation_id=calculation_id, n=79, name="fibonacci", file="x")
    if (method, path) == ("GET", "/calculations/events"):
        target += "?limit=0"  # refused once the key is admitted: the stream has no end
    body = BODIES.get(path, b"") if method == "POST" else b""
    return await client.ask(method, target, body=body, **headers)


def test_each_method_of_each_route_says_which_scope_it_needs(keyed, registry):
    app = create_app(keyed, registry)
    for method, path in all_requests(app):
        scopes = all_routes(app)[path].scopes
        assert scopes["GET" if method == "HEAD" else method] == needed(method, path)


@pytest.mark.slow
def test_no_route_serves_anybody_without_a_valid_key(engine, keyed, registry):
    calculation, _ = store_result(engine, {"n": 1_000})
    (queued,) = queue_calculations(engine, 1)
    good = make_key(engine)
    wrong = dataclasses.replace(good, secret="0" * 64)
    unknown = dataclasses.replace(good, id="0" * 12)
    expired = make_key(engine, expires_in=-1)
    revoked = make_key(engine, revoked_in=-1)
    refused: dict[str, tuple[str | None, str, str]] = {
        "missing": (None, REALM, "has no API key"),
        "malformed": ("Bearer rk_1", INVALID, "not an API key"),
        "of another scheme": ("Basic Zm9vOmJhcg==", INVALID, "not an API key"),
        "wrong": (bearer(wrong), INVALID, "not valid"),
        "unknown": (bearer(unknown), INVALID, "not valid"),
        "expired": (bearer(expired), INVALID, "has expired"),
        "revoked": (bearer(revoked), INVALID, "was revoked"),
        "expired, and wrong": (
            bearer(dataclasses.replace(expired, secret="0" * 64)),
            INVALID,
            "not valid",
        ),
    }

    async def scenario():
        async with serving(keyed, registry) as client:
            asked = [
                (method, path, case, identity)
                for method, path in all_requests(create_app(keyed, registry))
                if needed(method, path) is not None
                for case in refused
                for identity in (calculation.id, queued.rsplit("/", 1)[1], "nonsense")
            ]
            answers = await asyncio.gather(
                *(
                    ask(client, method, path, identity, authorization=refused[case][0])
                    for method, path, case, identity in asked
                )
            )
            return list(zip(asked, answers, strict=True))

    for (method, path, case, _), answer in asyncio.run(scenario()):
        _, challenge, reason = refused[case]
        assert answer.status == 401, (method, path, case)
        assert answer.headers["www-authenticate"] == challenge
        assert answer.headers["cache-control"] == "no-store"
        assert "x-reckoner-key" not in answer.headers
        assert "x-accel-expires" not in answer.headers
        if method != "HEAD":
            assert answer.json()["type"] == "urn:reckoner:problem:unauthenticated"
            assert reason in answer.json()["detail"]
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT status FROM calculations ORDER BY status"))
        assert [row.status for row in rows] == ["queued", "succeeded"]


@pytest.mark.slow
def test_a_key_opens_the_routes_of_its_scopes_and_no_others(engine, keyed, registry):
    calculation, _ = store_result(engine, {"n": 1_000})
    keys = {scope: make_key(engine, name=scope, scopes=[scope]) for scope in ALL_SCOPES}

    async def scenario():
        async with serving(keyed, registry) as client:
            return [
                (method, path, scope, await ask(client, method, path, calculation.id, **headers))
                for method, path in all_requests(create_app(keyed, registry))
                for scope in ALL_SCOPES
                for headers in ({"authorization": bearer(keys[scope])},)
                if needed(method, path) is not None
            ]

    for method, path, scope, answer in asyncio.run(scenario()):
        needs = needed(method, path)
        assert answer.headers["x-reckoner-key"] == scope
        if scope == needs:
            is_stream = (method, path) == ("GET", "/calculations/events")
            allowed = (422,) if is_stream else (200, 202, 409)  # 409: it is final
            assert answer.status in allowed, (method, path)
            assert not answer.headers["cache-control"].startswith("public")
            continue
        assert answer.status == 403, (method, path, scope)
        expected = f'{REALM}, error="insufficient_scope", scope="{needs}"'
        assert answer.headers["www-authenticate"] == expected
        if method != "HEAD":
            assert answer.json()["type"] == "urn:reckoner:problem:scope-missing"
            assert answer.json()["scope"] == needs


def test_what_no_key_is_needed_for_shows_nothing_of_calculations(engine, keyed, registry):
    async def scenario():
        async with serving(keyed, registry) as client:
            return [
                await client.ask(method, target, authorization=header)
                for header in (None, "Bearer nonsense")
                for method, target in (
                    ("GET", "/"),
                    ("GET", "/health/live"),
                    ("GET", "/health/ready"),
                    ("OPTIONS", "/calculations"),
                    ("PUT", "/calculations"),
                    ("GET", "/nowhere"),
                )
            ]

    statuses = [answer.status for answer in asyncio.run(scenario())]
    assert statuses == [200, 200, 200, 200, 405, 404] * 2


def test_a_path_with_a_slash_at_its_end_is_no_way_round(engine, keyed, registry):
    (queued,) = queue_calculations(engine, 1)

    async def scenario():
        async with serving(keyed, registry) as client:
            return [
                (await client.ask(method, f"{path}/")).status
                for method, path in (
                    ("GET", "/system"),
                    ("GET", "/calculations"),
                    ("DELETE", queued),
                )
            ]

    assert asyncio.run(scenario()) == [401, 401, 401]
