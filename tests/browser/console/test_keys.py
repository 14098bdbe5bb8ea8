"""A console where keys are on: it asks for one, keeps a session, and says what is not allowed."""

import pytest
from playwright.sync_api import expect

from shared.keys.scope import Scope
from tests.browser.console.modules import run
from tests.eventually import eventually
from tests.integration.gateway.access.key_rows import make_key

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(start_service):
    with start_service(keys="on") as service:
        yield service


@pytest.fixture(scope="module")
def key(service):
    return make_key(service.engine, name="ada")


@pytest.fixture
def asked(page, service, watch):
    """The console of somebody who has no session: it asks for a key."""
    watch.expect("status of 401")  # Chromium reports it
    page.goto(service.url + "/console/nowhere")
    page.wait_for_selector("dialog[open]")
    return page


def give(page, text):
    page.get_by_role("textbox", name="Key").fill(text)
    page.get_by_role("button", name="Sign in").click()


def test_it_asks_for_a_key_and_says_what_is_wrong_with_it(asked, key, axe, screenshot):
    axe(asked)
    screenshot(asked, "key-dialog")
    give(asked, "")
    asked.wait_for_selector("text=Enter a key.")
    give(asked, "rubbish")
    asked.wait_for_selector(".field-error:not(:has-text('Enter a key'))")
    error = asked.inner_text(".field-error")
    assert "This is no valid key. Check" in error
    assert "Authorization" not in error
    described = asked.get_by_role("textbox", name="Key").get_attribute("aria-describedby")
    assert any(asked.locator(f"[id='{one}'].field-error").count() for one in described.split())
    axe(asked)
    asked.keyboard.press("Escape")
    asked.keyboard.press("Escape")
    assert asked.locator("dialog[open]").count() == 1
    give(asked, key.text)
    asked.wait_for_selector("dialog[open]", state="detached")
    assert asked.inner_text(".session-name") == "ada"
    for width in (360, 1280):
        asked.set_viewport_size({"width": width, "height": 800})
        assert asked.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(asked, f"signed-in-{width}")
    axe(asked)
    # Neither the key nor the session can be read by a script.
    assert key.text not in asked.content()
    assert asked.evaluate("JSON.stringify(localStorage) + document.cookie") == "{}"


def test_a_request_that_needed_a_key_is_sent_again_once_there_is_one(asked, key):
    script = """
    const { api } = await use("core/api.js");
    api.get("/functions").then((found) => { window.answered = found.functions.length; });
    """
    run(asked, script)
    give(asked, key.text)
    eventually(lambda: asked.evaluate("window.answered") == 2)


def test_signing_out_ends_the_session_and_shows_nothing_more(asked, service, key, watch):
    watch.expect("Clear-Site-Data")  # which Chromium reports
    give(asked, key.text)
    asked.wait_for_selector("dialog[open]", state="detached")
    assert asked.request.get(service.url + "/functions").status == 200
    asked.get_by_role("button", name="Sign out").click()
    asked.wait_for_selector("dialog[open]")
    assert asked.request.get(service.url + "/functions").status == 401


def test_what_a_key_may_not_do_is_known_to_the_page(asked, service, watch):
    reader = make_key(service.engine, name="reader", scopes=(Scope.READ,))
    give(asked, reader.text)
    asked.wait_for_selector("dialog[open]", state="detached")
    script = """
    const { can } = await use("core/session.js");
    return ["read", "submit", "cancel", "operate"].filter(can);
    """
    assert run(asked, script) == ["read"]
    watch.expect("status of 403")
    script = """
    const { api } = await use("core/api.js");
    return api.get("/system").catch((problem) => [problem.status, problem.name, problem.detail]);
    """
    status, name, detail = run(asked, script)
    assert (status, name) == (403, "scope-missing")
    assert "operate" in detail


def test_whoever_could_not_be_signed_out_is_told_so(asked, service, key, watch):
    watch.expect("ERR_FAILED|status of 503")
    give(asked, key.text)
    asked.wait_for_selector("dialog[open]", state="detached")
    # The session is asked for until there is an answer.
    asked.route("**/session", lambda route: route.fulfill(status=503), times=1)
    asked.reload()
    expect(asked.locator(".session-name")).to_have_text("ada")
    asked.route("**/session", lambda route: route.abort())
    asked.get_by_role("button", name="Sign out").click()
    expect(asked.locator(".toast")).to_contain_text("You are still signed in")
    assert asked.request.get(service.url + "/functions").status == 200


def test_signing_in_on_one_tab_is_enough(asked, service, key, watch):
    other = asked.context.new_page()
    watch.attach(other)
    other.goto(asked.url)
    give(other, key.text)
    other.wait_for_selector("dialog[open]", state="detached")
    asked.evaluate(
        "document.dispatchEvent(new Event('visibilitychange'))"
    )  # what a change of tab does
    asked.wait_for_selector("dialog[open]", state="detached")
    assert asked.inner_text(".session-name") == "ada"
