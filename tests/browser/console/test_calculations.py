"""The list of calculations in Chromium: it is live, it can be narrowed, and it acts on many."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.console.modules import mount
from tests.browser.console.stored import BEGIN, SUCCEED, change, clear, store, store_many
from tests.eventually import eventually

pytestmark = pytest.mark.slow

#: What a calculation is that nobody can round unnoticed.
LONG = 2**53 + 1


@pytest.fixture
def engine(service):
    """The database, without calculations."""
    clear(service.engine)
    return service.engine


@pytest.fixture
def console(page, service, engine):
    """Open the list at a query, once it is live."""

    def open_list(query=""):
        page.goto(f"{service.url}/{query}")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        return page

    return open_list


def rows(page):
    return page.locator("tbody tr")


def row_of(page, identity):
    return page.locator(f'tbody tr[data-id="{identity}"]')


def shown_ids(page):
    return rows(page).evaluate_all("(rows) => rows.map((row) => row.dataset.id)")


def query_of(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def statuses(engine, **conditions):
    """Return how many calculations have each status."""
    where = " AND ".join(f"{name} = :{name}" for name in conditions) or "true"
    with engine.begin() as connection:
        counted = connection.execute(
            text(f"SELECT status, count(*) FROM calculations WHERE {where} GROUP BY 1"), conditions
        )
        return dict(map(tuple, counted))


def answer_question(page, title, action):
    """Check what the dialog asks, and press its button."""
    dialog = page.get_by_role("dialog", name=title)
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name=action).click()
    expect(dialog).to_be_hidden()


def test_a_row_is_followed_to_its_end_without_asking_again(console, engine):
    asked = []
    identity = store(engine, arguments={"n": LONG})
    page = console()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    row = row_of(page, identity)
    expect(row).to_contain_text("queued")
    expect(row).to_contain_text(f"n = {LONG}")
    change(engine, identity, BEGIN)
    expect(row).to_contain_text("running")
    change(engine, identity, "progress = 0.42")
    expect(row.get_by_role("progressbar")).to_have_attribute("value", "0.42")
    expect(row).to_contain_text("42 %")
    change(engine, identity, SUCCEED)
    expect(row).to_contain_text("succeeded")
    expect(row).to_contain_text("3 digits")
    expect(row).to_contain_text("1.5 s")
    assert set(asked) <= {"/calculations/count"}
    row.get_by_role("link", name="fibonacci").click()
    page.wait_for_url(f"**/console/calculations/{identity}")


def test_new_ones_come_to_the_top_but_not_under_a_hand(console, engine):
    first = store(engine, age=100)
    page = console()
    expect(rows(page)).to_have_count(1)
    second = store(engine, arguments={"n": 2})
    expect(rows(page)).to_have_count(2)
    assert shown_ids(page) == [second, first]

    row_of(page, second).hover()
    third = store(engine, arguments={"n": 3})
    waiting = page.get_by_role("button", name="Show 1 new calculation")
    expect(waiting).to_be_visible()
    change(engine, first, BEGIN)  # what is shown goes on
    expect(row_of(page, first)).to_contain_text("running")
    assert shown_ids(page) == [second, first]
    page.mouse.move(0, 0)
    expect(rows(page)).to_have_count(3)
    expect(waiting).to_be_hidden()

    # The same for whoever is there by keyboard.
    row_of(page, first).get_by_role("checkbox").focus()
    store(engine, arguments={"n": 4})
    expect(waiting).to_be_visible()
    assert shown_ids(page) == [third, second, first]
    waiting.focus()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(4)


def test_filters_are_in_the_url_and_the_url_is_all_there_is(console, engine, page, service):
    for n, status in enumerate(["queued", "failed", "failed", "succeeded", "cancelled"]):
        store(engine, status, arguments={"n": n}, function="factorial" if n % 2 else "fibonacci")
    console()
    expect(page.get_by_text("5 calculations")).to_be_visible()
    filters = page.get_by_role("region", name="Filters")
    filters.get_by_role("link", name="Failed").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_text("2 calculations")).to_be_visible()
    page.get_by_label("Function").select_option("factorial")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text("1 calculation", exact=True)).to_be_visible()
    assert query_of(page) == {"status": "failed", "function": "factorial"}
    page.get_by_label("Lane").select_option("quick")
    expect(page.get_by_text("No calculation matches")).to_be_visible()
    page.go_back()
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Function")).to_have_value("factorial")
    expect(filters.get_by_role("link", name="Failed")).to_have_attribute("aria-current", "true")
    filters.get_by_role("link", name="Clear filters").click()
    expect(rows(page)).to_have_count(5)
    assert query_of(page) == {}


def test_times_are_the_reader_s_and_ids_are_found_by_their_beginning(
    browser, service, engine, watch
):
    wanted = store(engine, arguments={"n": 1})
    old = store(engine, arguments={"n": 2}, age=30 * 86_400)
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    watch.attach(page)
    page.goto(service.url)
    expect(rows(page)).to_have_count(2)
    field = page.get_by_role("searchbox", name="Id")
    field.fill(old[:5])
    field.blur()
    expect(page.get_by_text("At least 8 characters.")).to_be_visible()
    field.fill(old[:9])
    expect(rows(page)).to_have_count(1)
    assert shown_ids(page) == [old]
    field.fill("")
    expect(rows(page)).to_have_count(2)
    page.get_by_label("Created").select_option(label="Last hour")
    expect(rows(page)).to_have_count(1)
    assert shown_ids(page) == [wanted]
    since = datetime.fromisoformat(query_of(page)["created_after"])
    assert since.utcoffset() == UTC.utcoffset(None)
    # Nine hours later on the clock in Tokyo.
    local = datetime.fromisoformat(page.get_by_label("From").input_value())
    assert (local - since.replace(tzinfo=None)).total_seconds() == 9 * 3600
    page.get_by_label("From").fill("2020-01-31T08:00")
    expect(rows(page)).to_have_count(2)
    assert query_of(page)["created_after"] == "2020-01-30T23:00:00Z"
    context.close()
    assert watch.wrong == []


def test_pages_stay_right_while_calculations_are_added(console, engine):
    made = store_many(engine, 120, "queued")
    page = console()
    expect(rows(page)).to_have_count(50)
    assert shown_ids(page) == made[:50]
    page.get_by_role("link", name="Older").click()
    expect(row_of(page, made[50])).to_be_visible()
    assert "cursor" in query_of(page)
    store(engine, arguments={"n": 1})
    page.get_by_role("link", name="Older").click()
    expect(rows(page)).to_have_count(20)
    assert shown_ids(page) == made[100:]
    expect(page.get_by_role("link", name="Older")).to_be_hidden()
    page.go_back()
    expect(rows(page)).to_have_count(50)
    assert shown_ids(page) == made[50:100]
    page.get_by_role("link", name="Newest").click()
    expect(row_of(page, made[0])).to_be_visible()
    assert shown_ids(page)[1:] == made[:49]


def test_one_is_cancelled_after_a_question_and_run_again_after_another(console, engine):
    identity = store(engine, arguments={"n": 7})
    done = store(engine, "succeeded", arguments={"n": 8})
    page = console()
    row = row_of(page, identity)
    expect(row_of(page, done).get_by_role("button")).to_have_count(0)
    row.get_by_role("button", name="Cancel").click()
    answer_question(page, "Cancel this calculation?", "Back")
    assert statuses(engine) == {"queued": 1, "succeeded": 1}
    row.get_by_role("button", name="Cancel").click()
    answer_question(page, "Cancel this calculation?", "Cancel the calculation")
    expect(row).to_contain_text("cancelled")
    assert statuses(engine) == {"cancelled": 1, "succeeded": 1}
    # Whoever pressed it is still there.
    expect(row.get_by_role("button", name=re.compile("Run .* again"))).to_be_focused()
    page.keyboard.press("Enter")
    answer_question(page, "Run this calculation again?", "Run it again")
    eventually(lambda: statuses(engine).get("cancelled", 0) == 0)
    expect(row).not_to_contain_text("cancelled")


def test_the_selected_are_cancelled_and_no_others(console, engine):
    made = store_many(engine, 6, "queued")
    done = store(engine, "succeeded", arguments={"n": 1}, age=-1)
    page = console()
    row_of(page, done).get_by_role("checkbox").click()
    row_of(page, made[2]).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    bar = page.get_by_role("region", name="Selection")
    expect(bar.get_by_role("button", name="Run again")).to_have_count(0)
    bar.get_by_role("button", name="Cancel 3").click()
    answer_question(page, "Cancel 3 calculations?", "Cancel them")
    expect(page.get_by_text("3 cancelled")).to_be_visible()
    expect(bar).to_be_hidden()
    assert statuses(engine) == {"cancelled": 3, "queued": 3, "succeeded": 1}
    for identity in made[:3]:
        expect(row_of(page, identity)).to_contain_text("cancelled")


def test_all_that_match_are_cancelled_by_their_true_number(console, engine):
    store_many(engine, 1_234, "queued")
    others = [store(engine, arguments={"n": n}, function="factorial") for n in range(3)]
    page = console("?function=fibonacci")
    expect(page.get_by_text("1,234 calculations")).to_be_visible()
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name="Select all 1,234 calculations that match").click()
    expect(page.get_by_text("All 1,234 selected")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    answer_question(page, "Cancel 1,234 calculations?", "Cancel them")
    expect(page.get_by_text("1,234 cancelled", exact=True)).to_be_visible()
    assert statuses(engine) == {"cancelled": 1_234, "queued": len(others)}


def test_many_are_run_again_by_their_true_number(console, engine):
    store_many(engine, 60, "failed")
    store_many(engine, 5, "cancelled", first=9_000)
    store(engine, "succeeded", arguments={"n": 1})
    page = console()
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name="Select all 66 calculations that match").click()
    page.get_by_role("button", name="Run again").click()
    answer_question(page, "Run 65 calculations again?", "Run them again")
    expect(page.get_by_text("65 calculations queued again", exact=True)).to_be_visible()
    found = statuses(engine)
    assert found.pop("succeeded") == 1
    assert set(found) == {"queued"}
    assert found["queued"] == 65


def test_refreshing_stops_and_goes_on(console, engine):
    identity = store(engine)
    page = console()
    row = row_of(page, identity)
    expect(row).to_be_visible()
    page.get_by_role("button", name="Stop refreshing").click()
    expect(page.get_by_text("As of")).to_be_visible()
    change(engine, identity, BEGIN)
    store(engine, arguments={"n": 2})
    # Another page of the list is asked for once, and then stays as well.
    page.get_by_label("Function").select_option("fibonacci")
    expect(rows(page)).to_have_count(2)
    change(engine, identity, SUCCEED)
    page.get_by_label("Function").select_option("")
    expect(row).to_contain_text("succeeded")
    page.get_by_role("button", name="Resume refreshing").click()
    store(engine, arguments={"n": 3})
    expect(rows(page)).to_have_count(3)


def test_what_a_key_may_not_do_is_not_offered_and_says_why(console, engine, page):
    identity = store(engine)
    session = {"key": "ada", "scopes": ["read"], "expires_at": None}
    page.route("**/session", lambda route: route.fulfill(json=session))
    console()
    button = row_of(page, identity).get_by_role("button")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", re.compile("lacks the scope “cancel”"))
    button.click(force=True)
    expect(page.get_by_role("dialog")).to_have_count(0)
    row_of(page, identity).get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="Selection")
    expect(bar.get_by_role("button", name="Cancel 1")).to_be_disabled()
    expect(bar).to_contain_text("lacks the scope “cancel”")


def test_the_keyboard_is_enough(console, engine):
    made = store_many(engine, 4, "queued")
    page = console()
    expect(rows(page)).to_have_count(4)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody tr')?.dataset.id") == made[0]:
            break
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Cancel 2"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Cancel 2 calculations?")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 cancelled")).to_be_visible()
    assert statuses(engine) == {"cancelled": 2, "queued": 2}


def test_an_outage_leaves_the_list_as_it_was_and_a_problem_is_named(console, engine, watch):
    watch.expect("Failed to load resource")
    identity = store(engine)
    page = console()
    expect(row_of(page, identity)).to_be_visible()
    away = re.compile("/calculations/(events|count)|/health/live")
    page.route(away, lambda route: route.abort())
    page.get_by_label("Function").select_option("fibonacci")
    expect(page.get_by_text("Connecting…")).to_be_visible()
    expect(row_of(page, identity)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.unroute(away)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    document = {"title": "Service unavailable", "detail": "The database is not available."}
    page.route(
        "**/calculations/events*", lambda route: route.fulfill(status=503, json=document), times=1
    )
    page.get_by_label("Lane").select_option("heavy")
    expect(page.get_by_text("The database is not available.")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_text("The database is not available.")).to_be_hidden()
    expect(row_of(page, identity)).to_be_visible()


def test_a_filter_that_is_refused_is_named_once_and_nothing_pretends_to_connect(
    page, service, engine, watch
):
    watch.expect("422")
    page.goto(f"{service.url}/?status=bogus")
    sentence = "status must be one of: queued, running, succeeded, failed, cancelled. Correct it"
    expect(page.get_by_role("alert")).to_contain_text(f"Invalid arguments{sentence}")
    expect(page.get_by_role("alert").get_by_text("must be one of")).to_have_count(1)
    expect(page.get_by_text("Connecting…")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop refreshing")).to_have_count(0)
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_without_calculations_it_says_what_to_do(console):
    page = console()
    expect(page.get_by_text("No calculations yet")).to_be_visible()
    page.get_by_role("link", name="Create one").click()
    page.wait_for_url("**/console/new")


#: Takes the place of the service's stream: the page, and then as many events as are asked for, each
#: of which changes one row and is rendered before the next.
STREAM = """
    const documents = (await (await fetch("/calculations?limit=500")).json()).calculations
    const ids = documents.map(({ id }) => id)
    const encoder = new TextEncoder()
    let stream = null
    const send = (name, data) => stream.enqueue(
        encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`))
    const channel = new MessageChannel()
    const turn = () => new Promise((resolve) => {
        channel.port1.onmessage = resolve
        channel.port2.postMessage(null)
    })
    const ask = window.fetch
    window.fetch = (url, options) => {
        if (!String(url).startsWith("/calculations/events")) return ask(url, options)
        const body = new ReadableStream({ start(controller) { stream = controller } })
        queueMicrotask(() => send("page", { calculations: documents, next: null }))
        return Promise.resolve(new Response(body))
    }
    let sent = 0
    window.sendChanges = async (count) => {
        for (const end = sent + count; sent < end; sent++) {
            const index = sent % 400
            const seconds = 1 + sent % 50
            const changed = { ...documents[index], compute_seconds: seconds }
            send("changes", { calculations: [changed], ids, next: null })
            const cell = document.querySelectorAll("tbody tr")[index].cells[5]
            while (cell.textContent !== `${seconds} s`) await turn()
        }
    }"""

#: Notes which rows are touched; "rows" stands for their order.
TOUCHED = """
    window.touched = new Set()
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            const element = target.nodeType === 1 ? target : target.parentElement
            const row = element?.closest("tr")
            window.touched.add(row ? [...row.parentNode.children].indexOf(row) : "rows")
        }
    }).observe(document.querySelector("tbody"), { subtree: true, childList: true,
        characterData: true, attributes: true })"""


def test_a_thousand_events_on_500_rows_touch_their_row_and_leave_memory_flat(
    console, engine, service
):
    store_many(engine, 500, "succeeded")
    page = console("?status=failed")
    page.evaluate(f"(async () => {{{STREAM}}})()")
    page.get_by_label("Rows").select_option("500")
    page.get_by_role("link", name="All").click()
    expect(rows(page)).to_have_count(500)
    devtools = page.context.new_cdp_session(page)

    def heap():
        devtools.send("HeapProfiler.collectGarbage")
        return devtools.send("Runtime.getHeapUsage")["usedSize"]

    page.evaluate("window.sendChanges(100)")
    before = heap()
    page.evaluate(TOUCHED)
    page.evaluate("window.sendChanges(900)")
    assert heap() - before < 1_500_000
    # None of the last hundred, nor their order.
    touched = page.evaluate("[...window.touched]")
    assert set(touched) <= set(range(400))


def test_times_are_right_where_the_browsers_clock_is_not(console, engine, page):
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=3))
    identity = store(engine, "running", age=121.0)
    console()
    expect(row_of(page, identity)).to_contain_text("2 min")
    page.get_by_label("Created").select_option(label="Last 15 minutes")
    expect(rows(page)).to_have_count(1)
    page.wait_for_url("**created_after=*")
    expect(rows(page)).to_have_count(1)


def test_all_that_match_an_id_cannot_be_cancelled_at_once(console, engine, page):
    """A cancel of many knows no ids that begin alike: it would be one of all."""
    script = """
    const { SelectionBar } = await use("pages/calculations/selection_bar.js");
    const props = { documents: new Map(), counted: { count: 60, isExact: true }, jobs: {} };
    const selection = { ids: new Set(["a"]), isAll: false };
    const bar = (filters) => html`<${SelectionBar} ...${{ ...props, filters, selection }} />`;
    """
    console()
    mount(
        page,
        "<div class=all>${bar({})}</div><div class=one>${bar({ id: '01234567' })}</div>",
        script,
    )
    offer = re.compile("Select all 60")
    expect(page.locator(".all").get_by_role("button", name=offer)).to_be_visible()
    expect(page.locator(".one").get_by_role("button", name=offer)).to_have_count(0)
