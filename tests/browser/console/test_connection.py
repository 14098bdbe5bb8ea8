"""A gateway that comes and goes: the console says so, and continues by itself without a storm."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.console.modules import mount, run
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: Three resources that are kept fresh, and a stream: what a page has at most.
PAGE = """
<${Watching} />
"""
MODULES = """
const { useResource } = await use("core/resource.js");
const { useEvents } = await use("core/events.js");
window.events = [];
window.problems = new Set();
const One = ({ path }) => {
  const { data, isStale } = useResource(path, { every: 1 });
  return html`<p class="one">${data ? "loaded" : "empty"} ${isStale ? "stale" : "fresh"}</p>`;
};
const Stream = () => {
  const { isOpen, problem } = useEvents("/calculations/events?limit=5", {
    onEvent: (name) => window.events.push(name),
  });
  if (problem) window.problems.add(problem.name);
  return html`<p class="stream">${isOpen ? "open" : "closed"}</p>`;
};
const Watching = () => html`<${One} path="/functions" /><${One} path="/system" />
  <${One} path="/calculations?limit=1" /><${Stream} />`;
"""

#: In so many seconds of an outage a page asks at most so often: after 1 s, 2 s, 4 s …, or half.
OUTAGE_SECONDS = 4
MAX_PROBES = 4


@pytest.fixture
def console(open_console, watch):
    # Chromium reports each request without an answer, and each 503.
    watch.expect("Failed to load resource")
    page = open_console("/console/nowhere")
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    return page


def all_are(console, word):
    texts = console.locator("p.one").all_inner_texts()
    return len(texts) == 3 and all(text.endswith(word) for text in texts)


def is_live(stack):
    return httpx.get(f"{stack.url}/health/live").status_code == 200


def paths(console):
    return [url.split("/", 3)[3] for url in console.requests]


def test_an_outage_is_said_and_ends_without_a_reload_and_without_a_storm(
    console, stack, axe, screenshot
):
    mount(console, PAGE, MODULES)
    eventually(lambda: all_are(console, "loaded fresh"))
    eventually(lambda: console.inner_text("p.stream") == "open")
    stack.kill("gateway")
    try:
        banner = console.locator(".banner")
        expect(banner).to_contain_text("Reckoner does not answer")
        eventually(lambda: all_are(console, "loaded stale"))
        axe(console)
        screenshot(console, "outage")
        console.requests.clear()
        console.wait_for_timeout(OUTAGE_SECONDS * 1000)  # what is counted is what happens in it
        asked = paths(console)
        assert set(asked) == {"health/live"}
        assert 1 <= len(asked) <= MAX_PROBES
        console.get_by_role("button", name="Try now").click()
        expect(banner).to_be_visible()
    finally:
        console.evaluate("window.isSamePage = true")
        console.requests.clear()
        stack.start("gateway")
        eventually(lambda: is_live(stack), within_seconds=60)
    eventually(lambda: all_are(console, "loaded fresh"))
    eventually(lambda: console.inner_text("p.stream") == "open")
    expect(banner).to_have_count(0)
    assert console.evaluate("window.isSamePage")
    # A stream that broke off is no fault that somebody has to read about.
    assert console.evaluate("[...window.problems]") == ["unreachable"]
    for path in ("functions", "system", "calculations?limit=1", "calculations/events?limit=5"):
        # At once after the outage, and then once a second.
        assert paths(console).count(path) <= 3 + paths(console).count("health/live"), path


def test_nothing_is_asked_while_nobody_looks(console):
    mount(console, PAGE, MODULES)
    eventually(lambda: all_are(console, "loaded fresh"))
    show(console, "hidden")
    eventually(lambda: console.inner_text("p.stream") == "closed")
    console.requests.clear()
    console.wait_for_timeout(2500)  # each is otherwise asked for every second
    assert console.requests == []
    show(console, "visible")
    eventually(lambda: len(console.requests) >= 4)
    eventually(lambda: console.inner_text("p.stream") == "open")


def show(console, state):
    console.evaluate(
        """(state) => {
            const value = { value: state, configurable: true };
            Object.defineProperty(document, "visibilityState", value);
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_without_its_database_the_service_is_not_called_down(console, stack):
    answer = (
        '{"type": "urn:reckoner:problem:unavailable", "title": "Service unavailable",'
        ' "status": 503, "detail": "PostgreSQL does not answer."}'
    )
    console.route(
        f"{stack.url}/functions",
        lambda route: route.fulfill(
            status=503,
            content_type="application/problem+json",
            headers={"Retry-After": "2"},
            body=answer,
        ),
    )
    script = """
    const { api } = await use("core/api.js");
    return api.get("/functions").catch((error) => [error.name, error.detail, error.retryAfter]);
    """
    assert run(console, script) == ["unavailable", "PostgreSQL does not answer.", 2]
    assert console.locator(".banner").count() == 0
    assert paths(console).count("health/live") == 1


def test_after_an_upgrade_the_page_says_that_there_is_a_newer_one(console, stack):
    def lose(route):
        route.abort()

    console.route("**/health/live", lose)
    console.route("**/functions", lose)
    run(console, 'const { api } = await use("core/api.js"); api.get("/functions").catch(() => {});')
    banner = console.locator(".banner")
    expect(banner).to_contain_text("Reckoner does not answer")
    console.route("**/console", lambda route: route.fulfill(body="another version"))
    console.unroute("**/health/live", lose)
    expect(banner).to_contain_text("Reckoner has been upgraded")
    console.unroute("**/console")
    banner.get_by_role("button", name="Reload").click()
    expect(banner).to_have_count(0)
    expect(console.locator("main h1")).to_be_visible()


def test_a_request_that_fails_late_does_not_end_the_asking(console):
    """The first probe fails at once, and the second one takes longer than the time until it."""
    probes, late = [], []
    console.route("**/functions", lambda route: route.abort())
    console.route("**/system", lambda route: late.append(route))
    console.route("**/health/live", lambda route: probes.append(route))
    script = """
    const { api } = await use("core/api.js");
    api.get("/system").catch(() => {});
    api.get("/functions").catch(() => {});
    """
    run(console, script)
    banner = console.locator(".banner")
    eventually(lambda: console.wait_for_timeout(10) or (probes and late))
    probes.pop().abort()
    expect(banner).to_contain_text("next try in")
    late.pop().abort()
    expect(banner).to_contain_text("trying …")
    eventually(lambda: console.wait_for_timeout(10) or probes)
    probes.pop().abort()
    console.unroute_all()
    expect(banner).to_have_count(0)


def test_a_service_that_hangs_is_one_that_does_not_answer(console):
    held = []
    console.clock.install()
    script = """
    const { readEvents } = await use("core/event_stream.js");
    const body = new ReadableStream({ cancel: () => { window.isCancelled = true; } });
    readEvents(body, () => {}).catch((error) => { window.failure = error.name; });
    const { api } = await use("core/api.js");
    api.get("/functions").catch(() => {});
    """
    console.route("**/functions", lambda route: held.append(route))
    console.route("**/health/live", lambda route: route.abort())
    run(console, script)
    console.clock.fast_forward(9_000)
    expect(console.locator(".banner")).to_contain_text("Reckoner does not answer")
    assert console.evaluate("window.failure") is None
    # A stream says something every ten seconds.
    console.clock.fast_forward(20_000)
    eventually(lambda: console.evaluate("window.failure") == "TimeoutError")
    eventually(lambda: console.evaluate("window.isCancelled"))
