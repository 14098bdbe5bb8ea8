"""The page of the system, with rows as relays and workers write them."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from shared.calculation import Lane
from shared.store.redrives import claim_redrive, finish_redrive, list_redrives
from tests.browser.console import system_rows as rows
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: Whether a chart has pixels of a colour's variable, in a copy that Chromium expects to be read.
HAS_COLOUR = """([selector, variable]) => {
  const canvas = document.querySelector(`${selector} canvas`);
  if (canvas === null) return false;
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
  const style = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  const wanted = [1, 3, 5].map((at) => parseInt(style.slice(at, at + 2), 16));
  const isWanted = (at) => wanted.every((part, i) => Math.abs(part - pixels[at + i]) < 3);
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] > 200 && isWanted(at)) return true;
  }
  return false;
}"""

TABLES = ("history", "redrives", "workers", "relays", "process_metrics", "calculations")


@pytest.fixture(scope="module", autouse=True)
def patient():
    """A machine that is busy takes long for what is quick."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def running(start_service):
    with start_service(max_queued_seconds=3_600.0, retention_bytes=10**9) as service:
        yield service


@pytest.fixture
def service(running):
    """A service of which nothing has been written yet."""
    with running.engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    return running


@pytest.fixture
def system(page, service):
    """Open the page of the system."""

    def open_system(query=""):
        rows.stay_alive(service.engine)
        page.goto(f"{service.url}/console/system{query}")
        page.wait_for_selector("main h2")
        return page

    return open_system


def drawn(page, chart, colour):
    return page.evaluate(HAS_COLOUR, [f"#chart-{chart}", colour])


def test_charts_are_drawn_from_the_history_and_readable_without_seeing_them(system, service):
    rows.put_processes(service.engine)
    rows.put_minutes(service.engine, gap=range(20, 27))
    page = system()
    expect(page.locator(".system-drawing canvas")).to_have_count(6)
    eventually(lambda: drawn(page, "throughput", "--accent"))
    assert drawn(page, "throughput", "--ok")
    assert drawn(page, "waiting", "--chart-violet")
    summary = page.locator("#chart-throughput figcaption").inner_text()
    assert re.search(r"accepted: [\d,]+ last, at most [\d,]+ at \d\d:\d\d; succeeded:", summary)
    expect(page.get_by_text("Where a line is broken, no relay ran")).to_be_visible()
    page.get_by_label("Throughput as a table").click()
    table = page.locator("#chart-throughput table")
    expect(table.locator("tbody tr")).to_have_count(51)  # each minute that is known
    assert "accepted" in table.inner_text()


def test_spans_are_chosen_by_the_keyboard_and_stand_in_the_url(system, service):
    rows.put_hours(service.engine, hours=100)
    page = system()
    expect(page.get_by_text("No history yet")).to_be_visible()
    page.get_by_role("button", name="Last 30 days").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("One point every 2 h.")).to_be_visible()
    assert page.url.endswith("?span=month")
    page.reload()
    expect(page.get_by_role("button", name="Last 30 days")).to_have_attribute(
        "aria-pressed", "true"
    )
    eventually(lambda: drawn(page, "queued", "--accent"))


def test_the_pointer_shows_values_and_may_stay_while_the_span_changes(system, service):
    rows.put_hours(service.engine, hours=700)
    rows.put_minutes(service.engine)
    page = system("?span=month")
    expect(page.get_by_text("One point every 2 h.")).to_be_visible()
    chart = page.locator("#chart-throughput")
    last = chart.locator(".system-at").inner_text()
    box = chart.locator(".u-over").bounding_box()
    chart.locator(".u-over").hover(position={"x": box["width"] * 0.8, "y": 50})
    expect(chart.locator(".system-at")).not_to_have_text(last)
    page.get_by_role("button", name="Last hour").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("One point every minute.")).to_be_visible()
    expect(chart.locator(".system-at")).to_have_text(re.compile(r"^\d\d:\d\d$"))


def test_what_is_wrong_stands_at_the_top_and_goes_by_itself(system, service):
    page = system()
    top = page.get_by_label("What is wrong")
    expect(top).to_contain_text("No relay is alive: what is accepted waits in PostgreSQL.")
    expect(top).to_contain_text("No quick worker is alive.")
    expect(top.get_by_role("status")).to_have_text(
        "3 problems, of which 3 keep something from working."
    )
    rows.put_processes(service.engine)
    expect(top).to_contain_text("Everything works.")


def test_workers_show_what_they_run_and_lack_and_failures_lead_to_the_list(system, service):
    rows.put_processes(service.engine, Lane.QUICK, offers=["fibonacci/1"])
    rows.put_processes(service.engine, Lane.HEAVY)
    rows.put_work(service.engine)
    page = system()
    workers = page.get_by_role("table", name="Workers")
    expect(workers.get_by_role("link", name=re.compile("^fibonacci"))).to_have_count(3)
    href = workers.get_by_role("link").first.get_attribute("href")
    assert re.fullmatch(r"/console/calculations/[0-9a-f-]{36}", href)
    expect(workers).to_contain_text("42 %")
    expect(workers).to_contain_text("factorial/1")
    failures = page.get_by_role("table", name="Failures by reason")
    expect(failures.locator("tbody tr").first).to_contain_text("It took too long")
    link = failures.get_by_role("link", name="fibonacci").first
    assert link.get_attribute("href") == "/?status=failed&function=fibonacci"


def test_dead_letters_are_put_back_after_a_question(system, service):
    engine = service.engine
    rows.put_processes(engine)
    rows.put_gauges(engine, dead=3)
    page = system()
    button = page.get_by_role("button", name="Put back 3 messages of the quick lane")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Put 3 messages back?")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    with engine.begin() as connection:
        assert list_redrives(connection, 9) == []
    button.click()
    dialog.get_by_role("button", name="Put back").click()
    card = page.get_by_role("region", name="Dead letters")
    expect(card).to_contain_text("Waits for a relay.")
    with engine.begin() as connection:
        claimed = claim_redrive(connection)
        assert claimed is not None
        assert claimed.lane is Lane.QUICK
        finish_redrive(connection, claimed.id, 2, "The queue is full.")
    expect(card).to_contain_text("2 messages of the quick lane put back, then: The queue is full.")


def test_it_fits_a_phone_and_anybody_can_use_it(system, service, axe, screenshot):
    engine = service.engine
    rows.put_processes(engine)
    rows.put_minutes(engine, gap=range(20, 27))
    rows.put_work(engine)
    rows.put_gauges(engine, dead=3)
    colours = set()
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)):
        page = system()
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        eventually(partial(drawn, page, "throughput", "--accent"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator("#chart-throughput canvas").bounding_box()
        assert box["x"] + box["width"] <= width
        colours.add(page.evaluate("getComputedStyle(document.body).color"))
        axe(page)
        screenshot(page, f"system-{scheme}-{width}")
    assert len(colours) == 2


def test_a_hidden_page_asks_for_nothing(page, service):
    rows.put_processes(service.engine)
    asked, answered = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfinished", lambda request: answered.append(request.url))
    page.clock.install()
    page.goto(f"{service.url}/console/system")
    page.wait_for_selector("main h2")
    set_visibility(page, "hidden")

    def is_quiet():
        page.evaluate("1")  # lets events of the page come in
        return len(asked) == len(answered)

    eventually(is_quiet)  # what was on its way has ended
    before = len(asked)
    for _ in range(10):
        page.clock.run_for(10_000)
    eventually(is_quiet)
    assert asked[before:] == []
    set_visibility(page, "visible")
    eventually(lambda: is_quiet() and f"{service.url}/system" in asked[before:])


def set_visibility(page, state):
    page.evaluate(
        """(state) => {
          const get = () => state;
          Object.defineProperty(document, "visibilityState", { get, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_who_may_not_operate_is_told_so(page, service):
    session = {"key": "ada", "scopes": ["read"], "expires_at": None}
    page.route("**/session", lambda route: route.fulfill(json=session))
    page.goto(f"{service.url}/console/system")
    expect(page.get_by_text("Your key may not see the state of the service.")).to_be_visible()
    expect(page.locator("main h2")).to_have_count(0)
