"""What the gateway decides about who may read holds for NGINX's cache as well."""

import json
from functools import partial

import httpx
import pytest

from tests.eventually import eventually
from tests.integration.gateway.access.key_rows import bearer, make_key
from tests.integration.gateway.server.running import running_gateway
from tests.integration.results import store_result

pytestmark = pytest.mark.slow


def test_the_cache_answers_a_key_and_its_session_and_nobody_else(engine, database_url, nginx):
    keys = [make_key(engine), make_key(engine)]
    wrong = [bearer(make_key(engine, expires_in=-1)), bearer(make_key(engine, revoked_in=-1))]
    right, weak = bearer(keys[0]), bearer(make_key(engine, scopes=["submit"]))
    wrong += [right[:-1], right[:-1] + "g", "x"]
    calculation, _ = store_result(engine, {"n": 10_000})
    with running_gateway(database_url, keys="on") as (_, port):
        server = nginx(f"127.0.0.1:{port}")
        with httpx.Client(base_url=server.url, headers={"Accept-Encoding": "identity"}) as client:
            for path in (
                f"/calculations/{calculation.id}",
                f"/calculations/{calculation.id}/result",
            ):
                ask(client, path, keys, wrong, weak)
                lines = eventually(partial(_logged, server, path, 15))
                caches = [line["cache"] for line in lines if line["status"] == 200]
                assert caches == ["MISS", "MISS", "HIT", "HIT", "MISS", "HIT"]
                assert all(line["cache"] != "HIT" for line in lines if line["status"] != 200)
                assert {line["key"] for line in lines if line["status"] == 401} == {""}


def ask(client, path, keys, wrong, weak):
    """Get it with what is right twice, and with what is not."""
    for one in keys * 2:
        answer = client.get(path, headers={"Authorization": bearer(one)})
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"].startswith("private, ")
    assert client.get(path).status_code == 401
    for one in wrong:
        answer = client.get(path, headers={"Authorization": one})
        assert (answer.status_code, answer.json()["status"]) == (401, 401)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="reckoner"')
    answer = client.get(path, headers={"Authorization": weak})
    assert answer.status_code == 403
    right = bearer(keys[0])
    answer = client.get(path, headers={"Authorization": right, "Host": "a.example"})
    assert answer.status_code == 421
    session = client.post("/session", headers={"Authorization": right})
    cookie = session.headers["Set-Cookie"].partition(";")[0]
    client.cookies.clear()
    for _ in range(2):
        assert client.get(path, headers={"Cookie": cookie}).status_code == 200
    answer = client.get(path, headers={"Cookie": cookie[:-1] + "x"})
    assert answer.status_code == 401


def _logged(server, path, count):
    lines = map(json.loads, server.access_log.read_text().splitlines())
    found = [line for line in lines if line["target"] == path]
    return found if len(found) == count else None
