"""The page and its files over HTTP: for whom, how many bytes, how long they are kept."""

import json
import re

import httpx
import pytest

from tests.browser.console.ended import path_of, store_result
from tests.eventually import eventually

pytestmark = pytest.mark.slow

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
MAX_FIRST_LOAD_BYTES = 100_000


@pytest.fixture
def client(service):
    with httpx.Client(base_url=service.url) as client:
        yield client


def files_of(html):
    return re.findall(r'(?:src|href)="(/console/files/[^"]+)"', html)


def test_a_browser_gets_the_page_and_others_the_links(client):
    for accept in (None, "*/*", "application/json", "text/html;q=0.5, */*", "text/csv", "x"):
        headers = {} if accept is None else {"Accept": accept}
        answer = client.get("/", headers=headers)
        assert answer.headers["content-type"] == "application/json", accept
        assert answer.json()["links"]["list"] == "/calculations"
        assert "Accept" in answer.headers["vary"].split(", ")
    for accept in (BROWSER, "text/html"):
        answer = client.get("/", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith("text/html")
        assert "Accept" in answer.headers["vary"].split(", ")
        assert answer.headers["cache-control"] == "no-cache"
        assert (
            client.head("/", headers={"Accept": accept})
            .headers["content-type"]
            .startswith("text/html")
        )


def test_every_path_and_query_of_the_console_is_the_page(client):
    page = client.get("/", headers={"Accept": BROWSER}, params={"status": "failed", "x": "1"})
    assert page.status_code == 200
    for path in ("/console", "/console/", "/console/new/a?n=5", "/console/a/b/c", "/console/files"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert '<div id="app">' in answer.text
    # Whoever asks for the links has no parameters.
    assert client.get("/", params={"status": "failed"}).status_code == 422


def test_a_first_visit_is_small(page, service):
    asked, received = {}, {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.requestWillBeSent",
        lambda event: asked.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: received.update({asked[event["requestId"]]: event["encodedDataLength"]}),
    )
    identity = store_result(service.engine, "text", b"some text")
    for path in (
        "/",
        "/console/new/fibonacci",
        "/console/functions",
        "/console/system",
        path_of(identity),
    ):
        received.clear()
        session.send("Network.clearBrowserCache")
        page.goto(service.url + path)
        page.wait_for_selector("main h1")
        eventually(lambda: files_shown(page) <= received.keys())
        # What draws charts is loaded for them, after the page is there.
        first = {url: size for url, size in received.items() if "/packages/uplot" not in url}
        assert sum(first.values()) < MAX_FIRST_LOAD_BYTES, (path, sum(first.values()), first)


def files_shown(page):
    """Return the addresses of the files that the page names; it shows its icon to nobody here."""
    host = "/".join(page.url.split("/")[:3])
    return {host + name for name in files_of(page.content()) if not name.endswith(".svg")}


def test_files_are_kept_for_ever_and_nginx_answers_for_them(client, service):
    names = files_of(client.get("/console").text)
    name = next(one for one in names if one.endswith("/app.js"))
    for _ in range(3):
        answer = client.get(name, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "x-accel-expires" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
    lines = eventually(lambda: cached(service, name, 3))
    assert lines[-1] == "HIT"
    plain = client.get(name, headers={"Accept-Encoding": ""})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text
    again = client.get(name, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(name).status_code == 200


def cached(service, name, count):
    """Return what NGINX's cache did for a target, once that has been logged so often."""
    lines = map(json.loads, service.access_log.read_text().splitlines())
    found = [line["cache"] for line in lines if line["target"] == name]
    return found if len(found) >= count else None


def test_another_digest_and_another_file_are_not_found_and_not_kept(client):
    name = files_of(client.get("/console").text)[0]
    digest = name.split("/")[3]
    for wrong in (
        name.replace(digest, "0" * 16),
        f"/console/files/{digest}/page.html",
        f"/console/files/{digest}/../page.py",
        f"/console/files/{digest}/%2e%2e/page.py",
        f"/console/files/{digest}/",
        f"/console/files/{digest}",
    ):
        for _ in range(2):  # NGINX has not kept it either
            answer = client.get(wrong)
            if answer.headers["content-type"].startswith("text/html"):
                continue  # a path of the console: its router says that there is no such page
            assert answer.status_code == 404, wrong
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-request-id"]
            assert answer.json()["type"] == "urn:reckoner:problem:route-not-found"


def test_the_page_names_each_of_its_files_and_they_exist(client):
    names = files_of(client.get("/console").text)
    assert len(set(names)) == len(names)
    for name in names:
        assert client.get(name).status_code == 200, name
    # Charts come when they are shown.
    assert not any("uplot" in name.rpartition("/")[2] and "packages" in name for name in names)
