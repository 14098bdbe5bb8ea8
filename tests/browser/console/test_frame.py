"""The frame of the console: navigation, widths, schemes, and a fault of one page."""

import re

import pytest

from tests.browser.console.modules import mount, run
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: The frame is the same around all; here it is around the page that says least.
NOWHERE = "/console/nowhere"


@pytest.fixture
def frame(page, service):
    page.goto(service.url + NOWHERE)
    page.wait_for_selector("main h1")
    return page


def active(page):
    return page.evaluate("document.activeElement.textContent.trim()")


def wait_for_title(page, title):
    # Playwright's own waiting for a condition needs eval, which the policy forbids.
    eventually(lambda: page.title() == title)


def scheme(page):
    return page.evaluate("getComputedStyle(document.documentElement).colorScheme")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_fits_and_can_be_used_by_everybody_at_each_width(frame, axe, screenshot, colours):
    frame.emulate_media(color_scheme=colours)
    for width in (360, 768, 1280):
        frame.set_viewport_size({"width": width, "height": 800})
        assert frame.evaluate("document.documentElement.scrollWidth") <= width
        assert frame.get_by_role("link", name="System").is_visible()
        screenshot(frame, f"frame-{colours}-{width}")
    axe(frame)


def test_by_keyboard_the_first_stop_skips_the_navigation(frame):
    frame.keyboard.press("Tab")
    assert active(frame) == "Skip to the content"
    frame.keyboard.press("Enter")
    frame.keyboard.press("Tab")
    assert active(frame) == "the calculations"  # the first link of the content
    assert frame.url.endswith(NOWHERE)


def test_by_keyboard_a_page_is_reached_and_its_heading_is_read(frame):
    for name in ("Skip to the content", "Reckoner", "Calculations", "New", "Functions"):
        frame.keyboard.press("Tab")
        assert active(frame) == name
    assert frame.title() == "No such page · Reckoner"
    frame.keyboard.press("Enter")
    frame.wait_for_url("**/console/functions")
    wait_for_title(frame, "Functions · Reckoner")
    eventually(lambda: frame.evaluate("document.activeElement.tagName") == "H1")
    current = frame.locator("nav a[aria-current=page]").all_inner_texts()
    assert current == ["Functions"]
    frame.go_back()
    wait_for_title(frame, "No such page · Reckoner")
    assert "has no page at" in frame.inner_text("main")


def test_a_link_to_another_page_loads_nothing_again(frame, service):
    documents = []
    frame.on("request", lambda one: documents.append(one.is_navigation_request()))
    frame.get_by_role("link", name="System").click()
    wait_for_title(frame, "System · Reckoner")
    assert True not in documents


def test_the_scheme_is_the_systems_until_one_is_chosen_which_stays(frame):
    frame.emulate_media(color_scheme="dark")
    assert scheme(frame) == "dark"
    background = frame.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(15, 18, 23)"
    button = frame.get_by_role("button", name="Colours")
    button.click()
    assert scheme(frame) == "light"
    assert "light" in button.get_attribute("aria-label")
    frame.reload()
    assert scheme(frame) == "light"  # before any module runs
    button.click()
    frame.emulate_media(color_scheme="light")
    assert scheme(frame) == "dark"
    button.click()
    assert scheme(frame) == "light"


def test_nothing_moves_for_those_who_do_not_want_it(frame):
    frame.emulate_media(reduced_motion="reduce")
    modules = 'const { toast } = await use("components/toast.js"); toast("said");'
    run(frame, modules)
    frame.wait_for_selector(".toast")
    seconds = frame.evaluate("getComputedStyle(document.querySelector('.toast')).animationDuration")
    assert float(seconds.removesuffix("s")) < 0.001


def test_a_fault_of_one_page_is_said_and_leaves_the_others(frame, watch):
    watch.expect("it is broken")
    mount(
        frame,
        "<${ErrorBoundary}><${Broken} /><//>",
        """
        const { ErrorBoundary } = await use("components/error_boundary.js");
        const Broken = () => { throw new Error("it is broken"); };
        """,
    )
    text = frame.inner_text("#mounted")
    assert "This page has a fault" in text
    assert "it is broken" in text
    frame.get_by_role("link", name="Functions").click()
    wait_for_title(frame, "Functions · Reckoner")


def test_nothing_inline_runs_and_no_text_becomes_a_script(frame, service, watch):
    policy = frame.request.get(service.url + "/").headers  # JSON needs none
    assert "content-security-policy" not in policy
    response = frame.goto(service.url + NOWHERE)
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert len(re.findall(r"'sha256-", policy)) == 1  # the import map
    watch.expect("policy: require-trusted-types-for|requires 'Trusted|violates the following")
    name = frame.evaluate(
        "try { document.body.innerHTML = '<b>x</b>' } catch (error) { error.name }"
    )
    assert name == "TypeError"
    assert watch.wrong == []
