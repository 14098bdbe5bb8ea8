"""The page of the API in Chromium: whole, without another host, under its own policy."""

import json

import pytest

from shared.keys.credential import Credential
from tests.eventually import eventually
from tests.integration.gateway.access.key_rows import make_key

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(start_service):
    with start_service(keys="on") as service:
        yield service


@pytest.fixture(scope="module")
def key(service) -> Credential:
    return make_key(service.engine, name="ada")


@pytest.fixture
def docs(page, service):
    """The page, once it shows the routes; with what it asked for and what went wrong on it."""
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) => console.error("
        "`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"
    )
    page.goto(f"{service.url}/docs")
    page.wait_for_selector("#operations-Calculations-submitCalculation")
    page.asked, page.wrong = asked, wrong
    return page


def send(docs, operation):
    """Open an operation, send its example, and return the status that is shown."""
    block = docs.locator(operation)
    block.locator(".opblock-summary-control").first.click()
    block.locator("button.execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    return status.inner_text().split()[0], block


def test_it_shows_every_route_and_asks_no_other_host(docs, service):
    response = docs.request.get(f"{service.url}/openapi.json")
    described = {
        operation["operationId"]
        for methods in response.json()["paths"].values()
        for operation in methods.values()
    }
    shown = docs.evaluate("[...document.querySelectorAll('.opblock')].map((one) => one.id)")
    assert {one.rpartition("-")[2] for one in shown} == described
    assert len(docs.asked) >= 4
    assert [url for url in docs.asked if not url.startswith((service.url, "data:"))] == []
    assert docs.wrong == []


def test_a_key_that_is_given_is_used_to_submit_and_read(docs, service, key):
    status, block = send(docs, "#operations-Service-getSystem")
    assert status == "401"
    block.locator(".opblock-summary-control").first.click()
    docs.wrong.clear()  # Chromium reports the 401
    docs.click(".auth-wrapper .authorize")
    docs.locator(".auth-container input").first.fill(key.text)
    docs.locator(".auth-btn-wrapper .authorize").first.click()
    docs.click(".auth-btn-wrapper .btn-done")
    status, block = send(docs, "#operations-Calculations-submitCalculation")
    assert status == "200"
    body = block.locator(".live-responses-table pre").first.inner_text()
    assert json.loads(body)["status"] == "succeeded"
    assert eventually(service.count) == 1
    assert [url for url in docs.asked if not url.startswith((service.url, "data:"))] == []
    assert docs.wrong == []


def test_integers_are_shown_with_all_their_digits(docs, service):
    body = '{"n": 9007199254740993, "text": "a\\\\\\"{,:", "none": {}, "list": [1, -2.50]}'
    docs.route(
        f"{service.url}/system",
        lambda route: route.fulfill(status=200, content_type="application/json", body=body),
    )
    _, block = send(docs, "#operations-Service-getSystem")
    shown = block.locator(".live-responses-table pre").first.inner_text()
    assert "9007199254740993" in shown
    assert "-2.50" in shown
    assert json.loads(shown) == json.loads(body)
    assert '\n  "text": ' in shown


def test_its_files_are_kept_for_ever_and_its_policy_lets_nothing_inline_run(page, service):
    answer = page.request.get(f"{service.url}/docs")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    names = [line.split('"')[1] for line in answer.text().splitlines() if "start-" in line]
    script = page.request.get(service.url + names[0])
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    again = page.request.get(
        service.url + names[0], headers={"If-None-Match": script.headers["etag"]}
    )
    assert (again.status, again.body()) == (304, b"")
    assert page.request.get(f"{service.url}/docs/start.js").status == 404
