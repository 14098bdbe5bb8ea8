"""What pages are built from: copying, questions, messages, times, charts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PUBLIC
from tests.browser.console.modules import mount, run

pytestmark = pytest.mark.slow


@pytest.fixture
def context_options():
    return {"viewport": {"width": 1280, "height": 900}, "timezone_id": "America/New_York"}


@pytest.fixture
def console(page, service):
    page.goto(service.url + "/console/nowhere")
    page.wait_for_selector("main h1")
    return page


def test_copying_works_over_plain_http(page, service):
    page.goto(f"http://{PUBLIC}:{service.port}/console/nowhere")
    page.wait_for_selector("main h1")
    assert not page.evaluate("window.isSecureContext")
    mount(
        page,
        '<${CopyButton} text=${text} label="Copy the value" /><textarea id="pasted" />',
        """
        const { CopyButton } = await use("components/copy_button.js");
        const text = "12345678901234567890\\nline two";
        """,
    )
    button = page.get_by_role("button", name="Copy the value")
    button.click()
    expect(page.locator(".toast")).to_have_text("Copied")
    assert page.evaluate("document.activeElement.title") == "Copy the value"
    page.focus("#pasted")
    page.keyboard.press("Control+V")
    assert page.input_value("#pasted") == "12345678901234567890\nline two"


def test_a_question_is_answered_by_keyboard_and_gives_the_focus_back(console, axe, screenshot):
    console.get_by_role("button", name="Colours").focus()
    script = """
    const { confirm } = await use("components/confirm.js");
    window.answers = window.answers ?? [];
    const text = "They cannot be continued.";
    confirm({ title: "Cancel 3 calculations?", text, action: "Cancel them", danger: true })
      .then((answer) => window.answers.push(answer));
    """
    run(console, script)
    dialog = console.get_by_role("dialog", name="Cancel 3 calculations?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Back")).to_be_focused()
    axe(console)
    screenshot(console, "confirm")
    console.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(console.get_by_role("button", name="Colours")).to_be_focused()
    run(console, script)
    expect(dialog.get_by_role("button", name="Back")).to_be_focused()
    console.keyboard.press("Tab")
    console.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    run(console, script)
    expect(dialog).to_be_visible()
    box = dialog.bounding_box()
    console.mouse.click(box["x"] + 5, box["y"] + 5)  # its edge is not beside it
    expect(dialog).to_be_visible()
    console.mouse.click(5, 5)  # beside it
    expect(dialog).to_have_count(0)
    run(console, 'const { navigate } = await use("core/router.js"); navigate("/console/else");')
    run(console, script)
    expect(dialog).to_be_visible()
    console.go_back()  # it was about another page
    expect(dialog).to_have_count(0)
    assert console.evaluate("window.answers") == [False, True, False, False]


def test_times_are_the_readers_and_utc_when_pointed_at(console):
    mount(
        console,
        '<${Moment} at="2020-01-02T03:04:05.678Z" /><${Moment} at=${recent} relative />',
        """
        const { Moment } = await use("components/moment.js");
        const recent = new Date(Date.now() - 150_000).toISOString();
        """,
    )
    first, second = console.locator("#mounted time").all()
    assert first.inner_text() == "1 Jan 2020, 22:04:05"
    assert first.get_attribute("title") == "2020-01-02 03:04:05 UTC"
    assert first.get_attribute("datetime") == "2020-01-02T03:04:05.678Z"
    assert second.inner_text() == "2 min ago"


def test_tables_are_cards_where_it_is_narrow_and_stay_tables(console, axe, screenshot):
    mount(
        console,
        """<div class="stack"><${Table} label="Some" columns=${columns}>
          ${statuses.map((status) => html`<${Row}>
            <${Cell} label="Id"><code>0123456789abcdef</code><//>
            <${Cell} label="Status"><${Status} of=${status} /><//>
            <${Cell} label="n" class="number">${count(12345678901234567890n)}<//>
          <//>`)}
        <//>
        <${Progress} value=${0.42} label="Done" /><${Progress} value=${null} label="Unknown" />
        <${Field} label="n" hint="From 0 to 100." error="101 is too much." required>
          ${(props) => html`<input class="input" ...${props} />`}<//>
        <${ProblemNote} problem=${{ title: "Invalid", detail: "Correct it.", errors: [] }} />
        <${Note} kind="warning">Look after it.<//><${Note}>To know.<//>
        <${Empty} title="Nothing yet"><a href="/">Make one</a><//>
        <div class="row"><button class="button button-primary">Do</button>
        <button class="button">Other</button><button class="button button-danger">End</button>
        <button class="button" disabled>Not now</button></div>
        </div>""",
        """
        const { Table, Row, Cell } = await use("components/table.js");
        const { Status } = await use("components/status.js");
        const { Progress } = await use("components/progress.js");
        const { Field } = await use("components/field.js");
        const { ProblemNote } = await use("components/problem.js");
        const { Note, Empty } = await use("components/note.js");
        const { count } = await use("core/format.js");
        const columns = ["Id", "Status", { label: "n", class: "number" }];
        const statuses = ["queued", "running", "succeeded", "failed", "cancelled"];
        """,
    )
    for width in (360, 1280):
        console.set_viewport_size({"width": width, "height": 800})
        assert console.evaluate("document.documentElement.scrollWidth") <= width
        assert console.get_by_role("row").count() == 6
        assert console.get_by_role("table", name="Some").is_visible()
        for colours in ("light", "dark"):
            console.emulate_media(color_scheme=colours)
            axe(console)
            screenshot(console, f"components-{colours}-{width}")


def test_charts_load_what_they_draw_with_once_and_under_the_policy(console):
    asked = []
    console.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    script = """
    const { loadUplot } = await use("core/uplot.js");
    const [first, second] = await Promise.all([loadUplot(), loadUplot()]);
    const place = document.querySelector("main");
    new first({ width: 200, height: 100, series: [{}, { label: "n" }] }, [[1, 2], [3, 4]], place);
    return [first === second, place.querySelectorAll("canvas").length];
    """
    assert run(console, script) == [True, 1]
    assert sorted(asked) == ["uplot.css", "uplot.js", "uplot.js"]  # the module and the script
