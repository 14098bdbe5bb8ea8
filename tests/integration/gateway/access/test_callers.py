"""What the gateway does with who sends a request."""

import asyncio
import json
import logging

import pytest
from sqlalchemy import text

from shared.keys.credential import digest, new_token, parse_token
from shared.store.keys.sessions import insert_session
from tests.eventually import eventually
from tests.integration.gateway.access.key_rows import bearer, make_key, revoke
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.results import store_result

SHORT = b'{"function": "fibonacci", "arguments": {"n": 77}}'
LONG = b'{"function": "fibonacci", "arguments": {"n": 30000000}}'


def make_session(engine, key):
    """Insert a session; return its cookie."""
    token = new_token()
    with engine.begin() as connection:
        insert_session(digest(parse_token(token) or ""), key, seconds=60, max_sessions=20).on(
            connection
        )
    return f"reckoner_session={token}"


def test_the_document_says_who_has_submitted_and_cancelled(engine, gateway):
    blue, green = make_key(engine, name="shop-blue"), make_key(engine, name="shop-green")

    async def scenario(client):
        documents = [
            await client.ask("POST", "/calculations", body=body, authorization=bearer(key))
            for body, key in ((LONG, blue), (LONG, green), (SHORT, green), (SHORT, blue))
        ]
        path = documents[0].headers["location"]
        cancelled = await client.ask("DELETE", path, authorization=bearer(green))
        again = await client.ask("POST", "/calculations", body=LONG, authorization=bearer(green))
        return [one.json() for one in (*documents, cancelled, again)]

    documents = gateway(scenario)
    assert [(one["submitted_by"], one["cancelled_by"]) for one in documents] == [
        ("shop-blue", None),
        ("shop-blue", None),
        ("shop-green", None),
        ("shop-green", None),
        ("shop-blue", "shop-green"),
        ("shop-blue", None),
    ]


def test_a_batch_and_a_link_say_who_has_submitted(engine, gateway):
    key = make_key(engine, name="shop")
    batch = json.dumps({"calculations": [json.loads(LONG)]}).encode()

    async def scenario(client):
        await client.ask("POST", "/calculations/batch", body=batch, authorization=bearer(key))
        await client.ask("GET", "/calculate/31000000", authorization=bearer(key))

    gateway(scenario)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT submitted_by FROM calculations"))
        assert [row.submitted_by for row in rows] == ["shop", "shop"]


def test_a_key_cancels_what_another_has_submitted_and_is_named(engine, gateway):
    blue, green = make_key(engine, name="shop-blue"), make_key(engine, name="shop-green")

    async def scenario(client):
        submitted = await client.ask("POST", "/calculations", body=LONG, authorization=bearer(blue))
        counts = [
            (
                await client.ask(
                    "POST",
                    "/calculations/cancel",
                    body=json.dumps({"submitted_by": name}).encode(),
                    authorization=bearer(green),
                )
            ).json()["cancelled"]
            for name in ("shop-green", "shop-blue")
        ]
        path = submitted.headers["location"]
        return counts, (await client.ask("GET", path, authorization=bearer(blue))).json()

    counts, document = gateway(scenario)
    assert counts == [0, 1]
    assert (document["status"], document["cancelled_by"]) == ("cancelled", "shop-green")


def test_a_session_stands_for_its_key_and_ends_with_it(engine, gateway, frequent_refresh):
    key = make_key(engine, name="shop", scopes=["read"])
    cookie = f"theme=dark; {make_session(engine, key)}"

    async def scenario(client):
        listed = await client.ask("GET", "/calculations", cookie=cookie)
        weak = await client.ask("GET", "/system", cookie=cookie)
        unknown = await client.ask("GET", "/calculations", cookie=f"reckoner_session={new_token()}")
        malformed = await client.ask("GET", "/calculations", cookie="reckoner_session=rs_1")
        revoke(engine, key)
        while (ended := await client.ask("GET", "/calculations", cookie=cookie)).status == 200:
            pass
        return listed, weak, unknown, malformed, ended

    answers = gateway(scenario)
    assert [answer.status for answer in answers] == [200, 403, 401, 401, 401]
    assert answers[0].headers["x-reckoner-key"] == "shop"


def test_the_header_wins_over_the_cookie(engine, gateway):
    key, other = make_key(engine, name="shop"), make_key(engine, name="other")
    cookie = make_session(engine, other)

    async def scenario(client):
        return [
            await client.ask("GET", "/functions", cookie=cookie, authorization=header)
            for header in (bearer(key), "Bearer nonsense")
        ]

    good, bad = gateway(scenario)
    assert (good.status, good.headers["x-reckoner-key"]) == (200, "shop")
    assert bad.status == 401


@pytest.mark.slow
def test_a_key_may_send_as_many_requests_as_its_rate_and_is_told_when_to_retry(engine, gateway):
    limited = make_key(engine, name="busy", rate_per_second=2, scopes=["read"])
    free = make_key(engine)

    async def scenario(client):
        answers = [
            await client.ask("GET", "/functions", authorization=bearer(limited)) for _ in range(4)
        ]
        refused = answers[-1]
        other = await client.ask("GET", "/functions", authorization=bearer(free))
        await asyncio.sleep(int(refused.headers["retry-after"]))
        again = await client.ask("GET", "/functions", authorization=bearer(limited))
        return [answer.status for answer in answers], refused, other, again

    statuses, refused, other, again = gateway(scenario)
    assert statuses == [200, 200, 429, 429]
    assert refused.json()["type"] == "urn:reckoner:problem:rate-exceeded"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-reckoner-key"] == "busy"
    assert (other.status, again.status) == (200, 200)


def test_a_request_that_its_scope_does_not_allow_counts_for_the_rate(engine, gateway):
    key = make_key(engine, rate_per_second=1, scopes=["read"])

    async def scenario(client):
        return [
            (await client.ask("GET", "/system", authorization=bearer(key))).status for _ in range(2)
        ]

    assert gateway(scenario) == [403, 429]


def test_nothing_that_a_key_has_read_is_for_shared_caches(engine, gateway):
    calculation, _ = store_result(engine, {"n": 10_000})
    key = make_key(engine)
    path = f"/calculations/{calculation.id}"
    requests = {
        "": {},
        "/result": {},
        "/result ": {"range": "bytes=0-9"},
        "/result  ": {"if_none_match": "*"},
        "/result   ": {"accept_encoding": "gzip"},
        "/events": {},
    }

    async def scenario(client):
        own = [
            await client.ask("GET", f"{path}{end.strip()}", authorization=bearer(key), **headers)
            for end, headers in requests.items()
        ]
        others = [
            await client.ask("GET", target, authorization=bearer(key))
            for target in ("/calculations", "/functions", "/calculate/10", "/system")
        ]
        return own, others

    own, others = gateway(scenario)
    assert [answer.headers["cache-control"] for answer in own] == [
        "private, no-cache",
        *["private, max-age=31536000, immutable"] * 4,
        "no-store",
    ]
    assert [answer.headers["cache-control"] for answer in others] == [
        "private, no-cache",
        "private, no-cache",
        "private, no-cache",
        "no-store",
    ]
    # NGINX keeps a document and a result by credential, and for as long as it may not be revoked.
    assert [answer.headers.get("x-accel-expires") for answer in own[:2]] == ["20", "20"]


def test_nginx_keeps_nothing_by_keys_that_were_not_read_lately(engine, gateway, monkeypatch):
    monkeypatch.setattr("gateway.access.key_ring.FRESH_KEYS_SECONDS", -1.0)
    calculation, _ = store_result(engine, {"n": 10_000})
    key = make_key(engine)
    answer = gateway(
        lambda client: client.ask(
            "GET", f"/calculations/{calculation.id}/result", authorization=bearer(key)
        )
    )
    assert answer.status == 200
    assert "x-accel-expires" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ({}, True),
        ({"cookie": "theme=dark"}, True),
        ({"authorization": "Bearer whatever"}, False),
        ({"cookie": "reckoner_session=whatever"}, False),
    ],
)
def test_with_keys_off_a_credential_is_ignored_but_nothing_is_kept_for_it(
    engine, gateway, store_settings, headers, is_kept
):
    calculation, _ = store_result(engine, {"n": 10_000})
    path = f"/calculations/{calculation.id}/result"
    answer = gateway(lambda client: client.ask("GET", path, **headers), store_settings)
    assert answer.status == 200
    assert ("x-accel-expires" in answer.headers) is is_kept
    assert answer.headers["cache-control"].startswith("public")
    assert "x-reckoner-key" not in answer.headers


@pytest.mark.slow
def test_the_day_of_the_last_use_is_noted(engine, gateway, monkeypatch):
    monkeypatch.setattr("gateway.access.last_use._INTERVAL_SECONDS", 0.02)
    used, unused = make_key(engine), make_key(engine)

    def noted():
        with engine.begin() as connection:
            used = text("SELECT id FROM api_keys WHERE last_used_on IS NOT NULL")
            return [row.id for row in connection.execute(used)]

    async def scenario(client):
        await client.ask("GET", "/functions", authorization=bearer(used))
        await client.ask("GET", "/functions", authorization=f"Bearer rk_{unused.id}_{'0' * 64}")
        await asyncio.to_thread(eventually, noted)

    gateway(scenario)
    assert noted() == [used.id]


@pytest.mark.slow
def test_the_log_names_the_key_of_a_request_that_failed_and_never_shows_it(engine, gateway, caplog):
    key = make_key(engine, name="shop")
    (path,) = queue_calculations(engine, 1)

    async def scenario(client):
        await client.ask("GET", "/functions", authorization=bearer(key))
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE calculations RENAME TO away"))
        failed = await client.ask("GET", path, authorization=bearer(key))
        wrong = f"Bearer rk_{key.id}_{'0' * 64}"
        return failed, await client.ask("GET", path, authorization=wrong)

    with caplog.at_level(logging.DEBUG):
        failed, wrong = gateway(scenario)
    assert (failed.status, wrong.status) == (500, 401)
    [record] = [one for one in caplog.records if one.name == "gateway.http.errors"]
    assert vars(record)["key"] == "shop"
    logged = "\n".join(f"{vars(one)} {one.exc_text}" for one in caplog.records)
    assert key.secret not in logged + caplog.text
    assert "0" * 64 not in logged + caplog.text
