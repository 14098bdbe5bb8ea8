"""Keys on, for all of Reckoner: through NGINX, from its cache, and past it."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import httpx
import pytest

from shared.keys.scope import Scope
from tests.e2e.keys.api_keys import BAD, bearer, insert_key
from tests.e2e.keys.keyed import (
    FINISHED_N,
    begin_session,
    long,
    submit,
    submit_batch,
)
from tests.e2e.keys.routes import OPEN_PATHS, ROUTES, spellings
from tests.e2e.numbers import fibonacci
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: What docs/explanation/security.md states.
REVOKED_WITHIN_SECONDS = 30.0


@pytest.mark.parametrize("kind", BAD)
def test_who_has_no_valid_key_is_refused_by_every_route_twice_and_past_nginx(keyed, kind):
    """What NGINX's cache holds for others included."""
    for route in ROUTES:
        keyed.send(keyed.stack.url, route, f"Bearer {keyed.keys.texts['operator']}")
    requests = [(way, route) for way, route in product(keyed.ways, ROUTES)]
    with ThreadPoolExecutor(24) as clients:
        for _ in range(2):
            answers = list(
                clients.map(lambda one: keyed.send(*one, keyed.keys.bad[kind]), requests)
            )
            for (_, route), answer in zip(requests, answers, strict=True):
                assert answer.status_code == 401, (str(route), answer.text)
                assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="reckoner"')
                assert answer.headers.get("Cache-Control") in (None, "no-store"), str(route)
                if route.method != "HEAD":
                    assert answer.json()["type"] == "urn:reckoner:problem:unauthenticated"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "get"])
def test_no_spelling_of_a_request_gets_round_the_key(keyed, method):
    one = f"/calculations/{keyed.finished}"
    others = [{}, {"X-Original-URL": "/", "X-HTTP-Method-Override": "GET"}]
    for way, path in product(keyed.ways, spellings(one)):
        for headers in (bearer(keyed.keys.texts[Scope.READ]), *others):
            target = {"target": path.encode()}
            answer = keyed.anyone.request(method, way, headers=headers, extensions=target)
            assert headers not in others or answer.status_code >= 400, (way, path, answer.text)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_routes_and_no_others(keyed, scope):
    for way, route, _ in product(keyed.ways, ROUTES, range(2)):
        answer = keyed.send(way, route, f"Bearer {keyed.keys.texts[scope]}")
        if route.scope == scope:
            assert answer.status_code in route.answers, (str(route), answer.text)
            continue
        assert answer.status_code == 403, (str(route), answer.text)
        assert f'scope="{route.scope}"' in answer.headers["WWW-Authenticate"]
        if route.method != "HEAD":
            assert answer.json()["type"] == "urn:reckoner:problem:scope-missing"


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_open_routes_need_no_key(keyed, path):
    for way in keyed.ways:
        assert keyed.anyone.get(way + path).status_code == 200


@pytest.mark.parametrize("key", ["rotated", "rotated-former", "over"])
def test_a_rotated_key_is_valid_with_its_new_secret_and_for_a_while_with_its_former(keyed, key):
    with keyed.client(key) as client:
        assert [client.get(f"/calculations/{keyed.finished}").status_code for _ in range(2)] == [
            200,
            200,
        ]


def test_a_key_that_was_just_made_is_valid_at_once(keyed):
    key = insert_key(keyed.database, "new", [Scope.READ])
    for way, _ in product(keyed.ways, range(4)):  # whichever process answers
        answer = keyed.anyone.get(f"{way}/calculations?limit=1", headers=bearer(key))
        assert answer.status_code == 200, answer.text


def test_the_command_s_key_works_at_once_and_its_former_secret_ends(keyed):
    key = keyed.command("create", "shop", "--scope", "read")
    path = "/calculations?limit=1"
    assert keyed.anyone.get(keyed.stack.url + path, headers=bearer(key)).status_code == 200
    rotated = keyed.command("rotate", "shop", "--overlap", "0")
    for way, _ in product(keyed.ways, range(4)):
        assert keyed.anyone.get(way + path, headers=bearer(rotated)).status_code == 200
    urls = [way + path for way in keyed.ways] * 2

    def statuses() -> set[int]:
        return {keyed.anyone.get(url, headers=bearer(key)).status_code for url in urls}

    eventually(lambda: statuses() == {401})


def test_the_document_names_the_keys_that_submitted_and_cancelled(keyed):
    n = long()
    with keyed.client(Scope.SUBMIT) as submitting, keyed.client(Scope.CANCEL) as cancelling:
        answer = submit(submitting, n)
        location = answer.headers["Location"]
        assert (answer.status_code, answer.json()["submitted_by"]) == (202, "only-submit")
        assert cancelling.delete(location).json()["cancelled_by"] == "only-cancel"
    with keyed.client() as client:
        document = client.get(location).json()
        assert (document["submitted_by"], document["cancelled_by"]) == (
            "only-submit",
            "only-cancel",
        )
        again = submit(client, n).json()
        assert (again["submitted_by"], again["cancelled_by"]) == ("only-submit", None)
        client.delete(location)
        [item] = submit_batch(client, long()).json()["calculations"]
        assert client.get(f"/calculations/{item['id']}").json()["submitted_by"] == "operator"
        client.delete(f"/calculations/{item['id']}")


@pytest.mark.parametrize("way", ["a key", "a session"])
def test_results_ranges_events_and_batches_by_key_and_by_session(keyed, way):
    digits = fibonacci(FINISHED_N)
    headers = bearer(keyed.keys.texts["operator"])
    credential = headers if way == "a key" else {"Cookie": begin_session(keyed.stack.url, headers)}
    with httpx.Client(base_url=keyed.stack.url, headers=credential, timeout=30) as client:
        result = f"/calculations/{keyed.finished}/result"
        for _ in range(2):
            whole = client.get(result, headers={"Accept-Encoding": "identity"})
            assert whole.text == digits
            assert whole.headers["Cache-Control"].startswith("private")
            part = client.get(result, headers={"Range": "bytes=100-199"})
            assert (part.status_code, part.text) == (206, digits[100:200])
        events = client.get(f"/calculations/{keyed.finished}/events")
        assert json.loads(events.text.partition("data:")[2].splitlines()[0])["id"] == keyed.finished
        assert submit_batch(client, 100).status_code == 202


def test_an_answer_comes_from_the_cache_for_its_key_alone_and_the_log_names_the_key(keyed):
    """Who may not read never gets what another's key brought there. Clients see no name."""
    seen = keyed.look_up("operator", "operator", Scope.READ, Scope.READ, Scope.SUBMIT, Scope.SUBMIT)
    assert [answer.status_code for answer, _ in seen] == [200, 200, 200, 200, 403, 403]
    assert [seen[k][1]["cache"] for k in (1, 3)] == ["HIT", "HIT"]
    names = [line["key"] for _, line in seen]
    assert names == [*["operator"] * 2, *["only-read"] * 2, *["only-submit"] * 2]
    assert not any("X-Reckoner-Key" in answer.headers for answer, _ in seen)


def test_a_session_that_ended_is_refused_and_its_cookie_alone_may_not_act_for_other_pages(keyed):
    key = bearer(keyed.keys.texts["operator"])
    cookie = begin_session(keyed.stack.url, key)
    with httpx.Client(base_url=keyed.stack.url, headers={"Cookie": cookie}) as browser:
        assert browser.get("/session").json()["key"] == "operator"
        other = {"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}
        for refused in (
            browser.post("/calculations/batch", json={"calculations": []}, headers=other),
            browser.get("/calculate/100", headers=other),
            browser.delete(f"/calculations/{keyed.finished}", headers=other),
        ):
            assert refused.status_code == 403
            assert refused.json()["type"] == "urn:reckoner:problem:cross-site"
        assert browser.delete("/session").status_code == 204
        eventually(lambda: browser.get("/system").status_code == 401)


def test_a_revoked_key_and_its_session_are_refused_within_the_stated_time(keyed):
    """By NGINX's cache as well; streams and waiting requests end."""
    revocation = keyed.revocation
    seconds = [watch.result() for watch in (*revocation.cache, revocation.stream)]
    assert revocation.wait.result() == 401
    assert max(seconds) < REVOKED_WITHIN_SECONDS, seconds
