"""What pages of other origins can do to a service without keys: nothing."""

import itertools

import pytest

from tests.browser.conftest import EVIL
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: Another port of the same host is the same site to a browser; another name is another site.
HOSTS = ["127.0.0.1", EVIL]

#: What a page does that sends a request to the address in braces.
ATTEMPTS = [
    '<img src="{calculate}">',
    '<script src="{calculate}"></script>',
    '<link rel="stylesheet" href="{calculate}">',
    '<iframe src="{calculate}"></iframe>',
    '<meta http-equiv="refresh" content="0;url={calculate}">',
    '<script>location = "{calculate}"</script>',
    '<script>fetch("{calculate}", {{mode: "no-cors", credentials: "include"}})</script>',
    '<script>fetch("{calculate}", {{referrerPolicy: "no-referrer"}})</script>',
    """<form method="post" action="{calculations}" enctype="text/plain">
    <input name='{{"function": "fibonacci", "arguments": {{"n": 33}}, "x": "' value='"}}'></form>
    <script>document.forms[0].submit()</script>""",
    '<script>fetch("{calculations}", {{method: "POST", mode: "no-cors", body: "x"}})</script>',
    '<script>navigator.sendBeacon("{calculations}", "x")</script>',
]


@pytest.fixture(scope="module")
def service(start_service):
    with start_service() as service:
        yield service


def test_a_page_of_another_origin_starts_no_calculation(page, pages, service):
    targets = []
    for number, (html, host) in enumerate(itertools.product(ATTEMPTS, HOSTS)):
        target = f"/calculat{'e/33' if '{calculate}' in html else 'ions'}?{number}"
        targets.append(target)
        url = service.url + target
        # It stays open: closing it could cancel the request.
        other = page.context.new_page()
        with other.expect_request(url):
            other.goto(
                pages.put(html.format(calculate=url, calculations=url), host), wait_until="commit"
            )
    # What Chromium keeps from pages it keeps from this test as well. NGINX knows the statuses.
    refused = {target: [403] for target in targets}
    eventually(lambda: {target: service.served(target) for target in targets} == refused)
    assert service.count() == 0


def test_a_web_socket_is_no_way_in(page, pages, service):
    # NGINX passes it on as a plain GET.
    page.goto(pages.put("", EVIL))
    target = "/calculate/33?socket"
    opened = f"""new Promise((resolve) => {{
        const socket = new WebSocket("{service.url.replace("http", "ws")}{target}")
        socket.onopen = () => resolve("open")
        socket.onerror = () => resolve("refused")
    }})"""
    assert page.evaluate(opened) == "refused"
    eventually(lambda: service.served(target) == [403])
    assert service.count() == 0


def test_a_link_on_another_page_is_refused_and_says_what_to_do(page, pages, service):
    page.goto(pages.put(f'<a href="{service.url}/calculate/33">click</a>', EVIL))
    with page.expect_response(f"{service.url}/calculate/33") as response:
        page.click("a")
    assert response.value.status == 403
    assert "address bar" in response.value.json()["detail"]
    assert service.count() == 0


def test_a_preflight_allows_nothing(page, pages, service):
    page.goto(pages.put("", EVIL))
    sent = f"""
        fetch("{service.url}/calculations", {{
            method: "POST", headers: {{"Content-Type": "application/json"}},
            body: '{{"function": "fibonacci", "arguments": {{"n": 33}}}}',
        }}).then(() => "read", (error) => error.name)"""
    assert page.evaluate(sent) == "TypeError"
    deleted = f'fetch("{service.url}/calculations/x", {{method: "DELETE"}}).catch((e) => e.name)'
    assert page.evaluate(deleted) == "TypeError"
    assert service.count() == 0


def test_no_other_page_reads_or_embeds_what_everybody_may_ask(page, pages, service):
    page.goto(pages.put("", EVIL))
    read = f"""fetch("{service.url}/functions").then(() => "read", (error) => error.name)"""
    assert page.evaluate(read) == "TypeError"
    # An answer that may not be embedded fails even where it could not be read.
    embedded = f"""
        fetch("{service.url}/functions", {{mode: "no-cors"}})
            .then(() => "embedded", (error) => error.name)"""
    assert page.evaluate(embedded) == "TypeError"
    framed = pages.put(f'<iframe src="{service.url}/functions"></iframe>', EVIL)
    with page.expect_response(f"{service.url}/functions"):
        page.goto(framed)
    assert "fibonacci" not in (page.frames[1].content() if len(page.frames) > 1 else "")


def test_a_name_of_somebody_else_that_leads_to_the_service_is_refused(page, service):
    # DNS rebinding: to the browser the page and the service are one origin.
    url = f"http://{EVIL}:{service.port}"
    for path in ("/functions", "/calculate/33", "/"):
        answer = page.goto(url + path)
        assert answer.status == 421
        assert answer.json()["type"] == "urn:reckoner:problem:unknown-host"
    sent = """
        fetch("/calculations", {
            method: "POST", headers: {"Content-Type": "application/json"},
            body: '{"function": "fibonacci", "arguments": {"n": 33}}',
        }).then((answer) => answer.status)"""
    assert page.evaluate(sent) == 421
    assert service.count() == 0


def test_what_a_user_types_and_own_pages_work(page, service):
    assert page.goto(f"{service.url}/calculate/10").text() == "fibonacci(10) = 55\n"
    assert page.goto(f"http://localhost:{service.port}/calculate/11").status == 200
    page.goto(service.url)
    sent = """
        fetch("/calculations", {
            method: "POST", headers: {"Content-Type": "application/json"},
            body: '{"function": "fibonacci", "arguments": {"n": 12}}',
        }).then((answer) => answer.json()).then((document) => document.result.value)"""
    assert page.evaluate(sent) == "144"
    assert page.evaluate('fetch("/calculate/13").then((answer) => answer.status)') == 200
