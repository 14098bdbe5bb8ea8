"""What NGINX keeps of a request with a credential: in its log, in its cache, in files."""

import json

import httpx
import pytest

from tests.eventually import eventually
from tests.integration.nginx.cached import FOR_A_WHILE, document
from tests.integration.nginx.credentials import (
    CLIENTS,
    COOKIE,
    KEY,
    OTHER,
    SECRET,
)
from tests.upstream import Upstream

pytestmark = pytest.mark.slow


def test_the_log_names_the_key_of_stored_answers_too_and_clients_do_not_see_it(nginx):
    path = document()
    with Upstream(X_Reckoner_Key="shop-blue", **FOR_A_WHILE) as upstream:
        server = nginx(upstream.address)
        for _ in range(2):
            answer = httpx.get(server.url + path, headers={"Authorization": KEY})
            assert "X-Reckoner-Key" not in answer.headers
        upstream.headers.clear()
        httpx.get(server.url + path)
        eventually(lambda: server.access_log.read_text().count("\n") == 3)
    lines = map(json.loads, server.access_log.read_text().splitlines())
    assert sorted((line["cache"], line["key"]) for line in lines) == [
        ("HIT", "shop-blue"),
        ("MISS", ""),
        ("MISS", "shop-blue"),
    ]


@pytest.mark.parametrize("credential", [KEY.removeprefix("Bearer "), f"rs_{SECRET}"])
def test_a_key_in_a_url_is_not_logged(nginx, credential):
    """A client's mistake, which the log is not to keep."""
    hidden = [
        f"/calculations?key={credential}",
        f"/{credential}/",
        f"/calculations?key={credential.upper()}",
        f"/calculations?key={credential[:20]}",  # and what is left of it when it is cut off
        f"/calculations?key={credential.replace('_', '%5F')}",
    ]
    with Upstream() as upstream:
        server = nginx(upstream.address)
        for target in [*hidden, "/park_1?count=5"]:
            httpx.get(server.url + target)
        assert upstream.asked == [*hidden, "/park_1?count=5"], "the gateway gets what was sent"
    server.stop()
    targets = [json.loads(line)["target"] for line in server.access_log.read_text().splitlines()]
    # Each of NGINX's processes writes its lines together.
    assert sorted(targets) == ["(hidden: it holds a key)"] * len(hidden) + ["/park_1?count=5"]


def test_no_credential_is_written_to_disk(nginx):
    """Neither in the cache nor in a log, nor as a body that does not fit into memory."""
    with Upstream(Set_Cookie=COOKIE) as upstream:
        server = nginx(upstream.address)
        with httpx.Client(base_url=server.url) as client:
            long_body = json.dumps({"key": KEY, "padding": "a" * 66_000}).encode()
            for content in (long_body, iter([long_body])):  # with a length, and in chunks
                client.post("/session", content=content, headers={"Authorization": KEY})
            assert len(upstream.asked) == 2
            del upstream.headers["Set_Cookie"]
            upstream.headers |= FOR_A_WHILE
            for sent in CLIENTS.values():
                client.get(document(), headers=sent)
            client.get("/", headers={"Cookie": COOKIE + "a" * 9_000})
            client.post("/calculations", headers={"Authorization": KEY}, content=b" " * 70_000)
    for sent in CLIENTS.values():  # no gateway: an error that is logged
        httpx.get(server.url + document(), headers=sent)
    server.stop()
    files = [file for file in server.folder.rglob("*") if file.is_file()]
    assert any("cache" in file.parts for file in files)
    assert server.access_log.stat().st_size > 0
    # Its own file is gone by now.
    assert "buffered to a temporary file" not in (server.folder / "nginx.log").read_text()
    for file in files:
        content = file.read_bytes().lower()
        assert SECRET.encode() not in content, file
        assert OTHER.encode() not in content, file
