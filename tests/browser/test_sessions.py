"""A user who gives a key to the browser once: what the cookie opens, and to whom."""

import base64

import pytest

from shared.keys.credential import Credential
from tests.browser.conftest import EVIL, FRIEND, PUBLIC
from tests.eventually import eventually
from tests.integration.gateway.access.key_rows import make_key
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.results_of_any_kind import insert_result_of

pytestmark = pytest.mark.slow

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)

#: What scripts in a page do.
LOGIN = """
    (key) => fetch("/session", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({key}),
    }).then((answer) => answer.status)"""
STATUS = '(path) => fetch(path, {credentials: "include"}).then((answer) => answer.status, () => 0)'
PICTURE = """
    (url) => new Promise((resolve) => {
        const picture = new Image()
        picture.onload = () => resolve("shown")
        picture.onerror = () => resolve("refused")
        picture.src = url
    })"""
EVENT = """
    (url) => new Promise((resolve) => {
        const events = new EventSource(url, {withCredentials: true})
        const end = (what) => { events.close(); resolve(what) }
        events.onmessage = (event) => end(JSON.parse(event.data).status)
        events.addEventListener("status", (event) => end(JSON.parse(event.data).status))
        events.onerror = () => end("refused")
    })"""
DOWNLOAD = """
    (path) => {
        const link = document.createElement("a")
        link.href = path
        link.download = ""
        link.click()
    }"""


@pytest.fixture(scope="module")
def service(start_service, pages):
    origin = f"http://{FRIEND}:{pages.port}"
    names = f"127.0.0.1,{PUBLIC}"
    with start_service(keys="on", cors_origins=origin, allowed_hosts=names) as service:
        yield service


@pytest.fixture(scope="module")
def key(service) -> Credential:
    return make_key(service.engine, name="ada")


@pytest.fixture(scope="module")
def picture(service) -> str:
    with service.engine.begin() as connection:
        identity = insert_result_of(connection, "bytes", PNG, media_type="image/png")
    return f"/calculations/{identity}/result"


@pytest.fixture
def logged_in(page, service, key):
    """A page of the service whose user has a session."""
    page.goto(service.url)
    assert page.evaluate(LOGIN, key.text) == 201
    return page


def test_what_cannot_send_a_header_works_by_the_cookie(page, service, key, picture):
    page.goto(service.url)
    assert page.evaluate(STATUS, "/session") == 401
    assert page.evaluate(PICTURE, picture) == "refused"
    assert page.evaluate(LOGIN, key.text) == 201
    assert page.evaluate(PICTURE, f"{picture}#again") == "shown"
    (queued,) = queue_calculations(service.engine, 1)
    assert page.evaluate(EVENT, f"{queued}/events") == "queued"
    with page.expect_download() as download:
        page.evaluate(DOWNLOAD, picture)
    assert download.value.path().read_bytes() == PNG
    assert download.value.suggested_filename.endswith(".png")
    with service.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM calculations WHERE status = 'queued'")


def test_no_script_sees_the_cookie(logged_in):
    (cookie,) = logged_in.context.cookies()
    assert (cookie["name"], cookie["httpOnly"]) == ("reckoner_session", True)
    assert (cookie["sameSite"], cookie["path"]) == ("Strict", "/")
    assert logged_in.evaluate("document.cookie") == ""


@pytest.mark.parametrize("host", ["127.0.0.1", EVIL])
def test_a_page_of_another_origin_cannot_use_the_session(logged_in, pages, service, picture, host):
    # The same host on another port is the same site: from there the browser sends the cookie.
    before = service.count()
    foreign = logged_in.context.new_page()
    foreign.goto(pages.put("", host))
    assert foreign.evaluate(PICTURE, service.url + picture) == "refused"
    assert foreign.evaluate(EVENT, f"{service.url}{picture.removesuffix('/result')}/events") == (
        "refused"
    )
    assert foreign.evaluate(STATUS, f"{service.url}/calculations") == 0
    target = f"/calculate/33?{host}"
    assert foreign.evaluate(STATUS, service.url + target) == 0
    assert (
        foreign.evaluate(f'fetch("{service.url}/session", {{method: "DELETE"}}).catch(() => 0)')
        == 0
    )
    foreign.goto(
        pages.put(
            f"""<form method="post" action="{service.url}/calculations/batch"></form>
            <script>document.forms[0].submit()</script>""",
            host,
        ),
        wait_until="commit",
    )
    foreign.wait_for_url(f"{service.url}/calculations/batch")
    assert "cross-site" in foreign.content()
    eventually(lambda: service.served(target) == [403])
    assert service.count() == before
    assert logged_in.evaluate(STATUS, "/session") == 200


def test_over_plain_http_another_port_of_the_same_name_starts_nothing_by_the_session(
    page, pages, service, key
):
    # There Chromium sends the cookie with the picture, and neither Sec-Fetch-Site nor Origin.
    url = f"http://{PUBLIC}:{service.port}"
    page.goto(url)
    assert page.evaluate(LOGIN, key.text) == 201
    before = service.count()
    other = page.context.new_page()
    other.goto(pages.put("", PUBLIC))
    assert other.evaluate(PICTURE, f"{url}/calculate/34?plain") == "refused"
    eventually(lambda: service.served("/calculate/34?plain") == [403])
    assert service.count() == before
    typed = page.goto(f"{url}/calculate/34")
    assert typed.status == 403
    assert "HTTPS" in typed.json()["detail"]
    assert page.goto(f"{url}/calculations").status == 200


def test_a_page_of_another_origin_cannot_log_its_visitors_in(page, pages, service, key):
    page.goto(pages.put("", EVIL))
    sent = f"""
        (body) => fetch("{service.url}/session?{EVIL}", {{
            method: "POST", mode: "no-cors", credentials: "include", body,
        }}).then(() => 1, () => 0)"""
    assert page.evaluate(sent, f'{{"key": "{key.text}"}}') == 0
    assert page.context.cookies() == []


def test_a_page_of_a_named_origin_works_with_a_key_and_not_with_the_session(
    logged_in, pages, service, key
):
    page = logged_in.context.new_page()
    page.goto(pages.put("", FRIEND))
    sent = f"""
        ([headers, credentials]) => fetch("{service.url}/calculations", {{
            method: "POST", credentials,
            headers: {{"Content-Type": "application/json", ...headers}},
            body: '{{"function": "fibonacci", "arguments": {{"n": 12}}}}',
        }}).then(async (answer) => [answer.status, (await answer.json()).result?.value], () => 0)"""
    bearer = {"Authorization": f"Bearer {key.text}"}
    assert page.evaluate(sent, [bearer, "omit"]) == [200, "144"]
    assert page.evaluate(sent, [{}, "omit"]) == [401, None]
    assert page.evaluate(sent, [{}, "include"]) == 0


def test_after_logging_out_nothing_can_be_opened(logged_in, picture):
    assert logged_in.evaluate(STATUS, picture) == 200
    ended = 'fetch("/session", {method: "DELETE"}).then((answer) => answer.status)'
    assert logged_in.evaluate(ended) == 204
    assert logged_in.context.cookies() == []
    # Not even what the browser had in its cache for a year.
    assert logged_in.evaluate(STATUS, picture) == 401
    assert logged_in.evaluate(STATUS, "/calculations") == 401
