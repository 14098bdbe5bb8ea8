"""The page of a calculation: what has become of it, in words, for everybody."""

import json
import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.console.ended import path_of, store_ended, store_result
from tests.browser.console.modules import run
from tests.browser.console.stored import BEGIN, change, store

pytestmark = pytest.mark.slow


@pytest.fixture
def open_page(page, service):
    """Open the page of a calculation, or of what only claims to be one."""

    def open_page(identity):
        page.goto(service.url + path_of(identity))
        page.wait_for_selector("main h1")
        return page

    return open_page


def result_of(page):
    return page.get_by_role("region", name="Result")


def test_an_id_of_no_calculation_says_so(open_page, watch):
    watch.expect("404")
    for identity in [str(uuid4()), "not-an-id", "%3Cscript%3E"]:
        page = open_page(identity)
        expect(page.get_by_role("heading", level=1)).to_have_text("No such calculation")
        assert page.title() == "No such calculation · Reckoner"
        expect(page.get_by_role("link", name="All calculations")).to_have_attribute("href", "/")


def test_it_appears_once_the_service_answers(open_page, service, page, watch):
    watch.expect("ERR_FAILED|410")
    identity = store_result(service.engine, "text", b"some text")
    page.route(re.compile(f"^[^?]+[0-9]/calculations/{identity}"), lambda route: route.abort())
    open_page(identity)
    expect(page.get_by_text("Loading…")).to_be_visible()
    page.unroute_all()
    expect(result_of(page)).to_contain_text("some text", timeout=20_000)
    page.route("**/result", lambda route: route.fulfill(status=410))
    result_of(page).get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("status 410")


def test_a_failure_is_told_in_words_with_its_attempts(open_page, service, screenshot):
    identity = store_ended(
        service.engine,
        "failed",
        "worker-lost",
        "The workers that ran the calculation were lost",
        arguments={"n": 12},
        detail="Three workers were lost.",
        history=[("lost", 90, 70), ("killed", 60, 40), ("lost", 30, 0)],
        attempts=3,
        published_at="now() - interval '31 s'",
        submitted_by="'nightly'",
    )
    page = open_page(identity)
    failure = page.get_by_role("region", name="The workers that ran the calculation were lost")
    expect(failure).to_contain_text("Three workers were lost.")
    expect(failure).to_contain_text("Have the operator read the workers' logs")
    timeline = page.get_by_role("region", name="Timeline").get_by_role("listitem")
    lines = [" ".join(entry.inner_text().split()) for entry in timeline.all()]
    beginnings = [
        "Accepted",
        "after 30 s Attempt 1",
        "after 10 s Attempt 2",
        "after 9 s Handed to the queue",
        "after 1 s Attempt 3",
        "Failed",
    ]
    assert len(lines) == len(beginnings)
    for line, beginning in zip(lines, beginnings, strict=True):
        assert line.startswith(beginning)
    assert "nightly" in lines[0]
    assert "took 20 s Lost: its worker died" in lines[1]
    assert "Its process was killed from outside." in lines[2]
    screenshot(page, "calculation-failed")


def test_one_that_was_submitted_again_says_what_is_not_kept(open_page, service):
    identity = store_ended(
        service.engine,
        "cancelled",
        "cancelled",
        "The calculation was cancelled",
        arguments={"n": 13},
        history=[("urn:reckoner:problem:function-failed", 90, 80), ("cancelled", 9, 0)],
        attempts=4,
        cancelled_by="'ada'",
    )
    page = open_page(identity)
    expect(page.get_by_text("It was cancelled with the key ada.")).to_be_visible()
    titles = page.locator(".timeline-title").all_inner_texts()
    assert titles == [
        "Accepted",
        "2 earlier attempts",
        "Attempt 3",
        "Submitted again",
        "Attempt 4",
        "Cancelled",
    ]


def test_one_that_waits_says_for_what_and_one_that_runs_for_how_long(
    open_page, service, axe, screenshot
):
    identity = store(service.engine, estimate=600.0)
    page = open_page(identity)
    expect(page.get_by_role("region", name="Queued")).to_contain_text("The relay")
    expect(page.get_by_label("Lines for curl", exact=True)).to_contain_text("-o fibonacci.txt")
    screenshot(page, "calculation-queued")
    change(service.engine, identity, f"{BEGIN}, progress = 0")
    running = page.get_by_role("region", name="Running")
    expect(running).to_contain_text("About 10 min left")
    expect(running).to_contain_text("Judged by the estimate alone.")
    axe(page)
    change(service.engine, identity, "started_at = now() - interval '20 min'")
    expect(running).to_contain_text("Time left unknown")
    expect(running).to_contain_text("It takes longer than the 10 min 0 s that were estimated.")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the calculation").click()
    expect(page.get_by_role("region", name="Cancelling")).to_be_visible()  # no worker does it
    expect(page.get_by_role("button", name="Cancelling")).to_be_disabled()
    screenshot(page, "calculation-cancelling")


def test_it_fits_a_phone_and_everybody_can_use_it(open_page, service, page, axe, screenshot):
    page.set_viewport_size({"width": 360, "height": 800})
    arguments = json.dumps({"text": "long " * 1_000, "word": "x" * 300, "n": 10**300})
    deep = [[[[1, {"a": [2, []]}]]]]
    value = json.dumps({"list": list(range(150)), "word": "y" * 300, "deep": deep})
    identity = store_result(service.engine, "json", value.encode(), arguments=arguments)
    open_page(identity)
    expect(result_of(page)).to_contain_text("150 items")
    expect(page.get_by_role("button", name="Show all 5,002 characters")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    axe(page)
    screenshot(page, "calculation-360-light")
    page.emulate_media(color_scheme="dark")
    ended = store_ended(
        service.engine,
        "failed",
        "function-failed",
        "The function failed",
        arguments={"rows": [[1, 2], [2, 4]]},
        detail="The matrix is singular. " + "0" * 300,
        details={"determinant": 0, "rows": [1, 2]},
    )
    open_page(ended)
    expect(page.get_by_role("region", name="The function failed")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    axe(page)
    screenshot(page, "calculation-360-dark")


def test_it_can_be_used_by_keyboard_alone(open_page, service):
    page = open_page(store_result(service.engine, "text", b"some text"))
    expect(result_of(page)).to_contain_text("some text")
    expect(page.locator('[download="made_up-n-7.txt"]')).to_be_visible()
    seen: list[str] = []
    page.keyboard.press("Tab")
    while len(seen) < 40:
        name = page.evaluate(
            "() => { const it = document.activeElement; return it === document.body ? null :"
            " it.getAttribute('aria-label') ?? it.title ?? it.innerText }"
        )
        if name is None:
            break
        seen.append(name)
        if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.activeElement.innerText") == "reckoner"
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("Tab")
    for name in ["Copy the id", "Copy the result", "made_up-n-7.txt", "Copy the SHA-256"]:
        assert name in seen


def test_the_time_that_is_left_is_judged_by_the_pace_or_is_unknown(page, service):
    page.goto(f"{service.url}/console/nowhere")
    script = """
        const { Pace } = await use("pages/calculation/time_left.js");
        const judge = (steps, now, elapsed, estimate) => {
            const pace = new Pace();
            let shown;
            for (const [at, progress, attempts = 1] of steps) {
                shown = { progress, attempts, estimate };
                pace.note(shown, at * 1000);
            }
            return pace.secondsLeft(shown, now * 1000, elapsed);
        };
        return {
            paced: judge([[0, 0], [10, 0.25]], 12, 12, null),
            loaded_late: judge([[0, 0.5]], 0, 40, null),
            another_attempt: judge([[0, 0.9], [10, 0, 2], [20, 0.5, 2]], 20, 30, null),
            by_estimate: judge([[0, 0]], 3, 3, { seconds: 10 }),
            longer_than_estimated: judge([[0, 0]], 30, 30, { seconds: 10 }),
            nothing_known: judge([[0, 0]], 3, 3, null),
        };
    """
    assert run(page, script) == {
        "paced": 28,
        "loaded_late": 40,
        "another_attempt": 10,
        "by_estimate": 7,
        "longer_than_estimated": None,
        "nothing_known": None,
    }
