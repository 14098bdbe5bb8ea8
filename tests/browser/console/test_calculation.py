"""The page of a calculation that has ended: what it shows, exactly and safely.

It is looked at over plain HTTP under a name of its own, where a browser has no clipboard to offer.
"""

import ast
import base64
import json
import os
import re
import subprocess
import sys
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PUBLIC
from tests.browser.console.ended import change, path_of, store_ended, store_result
from tests.browser.console.stored import BEGIN, store
from tests.browser.console.stored import change as change_and_notify

pytestmark = pytest.mark.slow

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
HOSTILE = """<h1>Free digits</h1><img src="x" onerror="window.isTaken = true">
<script>window.isTaken = true</script>
<iframe srcdoc="<script>top.isTaken = true</script>"></iframe>"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80"
onload="window.isTaken = true"><script>top.isTaken = true</script>
<circle cx="60" cy="40" r="30"/></svg>"""

#: A program that only says what it was called with.
STUB = """#!{python}
import json, sys
print(json.dumps(sys.argv))
"""

BIG = 2**53 + 1


@pytest.fixture(scope="module")
def service(start_service):
    with start_service(allowed_hosts=f"127.0.0.1,{PUBLIC}") as service:
        yield service


@pytest.fixture
def open_page(page, service):
    """Open the page of a calculation, or of what only claims to be one."""

    def open_page(identity):
        page.goto(f"http://{PUBLIC}:{service.port}{path_of(identity)}")
        page.wait_for_selector("main h1")
        return page

    return open_page


def result_of(page):
    return page.get_by_role("region", name="Result")


def module_of(page, name):
    """Return the address of a module of this page."""
    files = page.locator('script[src$="/main.js"]').get_attribute("src").removesuffix("/main.js")
    return f"{files}/pages/calculation/{name}"


def pasted(page):
    """Return what the clipboard holds, as a user would find out."""
    page.evaluate(
        "() => { const area = document.createElement('textarea'); area.id = 'paste';"
        " document.body.append(area); area.focus() }"
    )
    page.keyboard.press("Control+V")
    return page.evaluate(
        "() => { const area = document.getElementById('paste'); area.remove(); return area.value }"
    )


def test_text_of_a_result_is_shown_and_never_runs(open_page, service):
    for kind, media_type, data, shown in [
        ("text", "text/html", HOSTILE, "Free digits"),
        ("text", None, '<img src=x onerror="window.isTaken = true">', "onerror"),
        ("bytes", "application/xml", f"<a>{HOSTILE}</a>", "Free digits"),
        ("json", None, json.dumps({HOSTILE[:40]: HOSTILE}), "onerror"),
        ("bytes", "application/json", HOSTILE, "Free digits"),
    ]:
        identity = store_result(service.engine, kind, data.encode(), media_type=media_type)
        page = open_page(identity)
        expect(result_of(page)).to_contain_text(shown)
        assert page.locator("main :is(script, iframe, object, embed, img)").count() == 0
        assert page.evaluate("window.isTaken") is None


def test_pictures_are_pictures_and_a_script_in_one_does_not_run(open_page, service, screenshot):
    for media_type, data, size in [
        ("image/png", PNG, "1 × 1 pixels"),
        ("image/svg+xml", SVG.encode(), "120 × 80 pixels"),
    ]:
        identity = store_result(service.engine, "bytes", data, media_type=media_type)
        page = open_page(identity)
        expect(result_of(page).get_by_text(size)).to_be_visible()
        picture = result_of(page).get_by_role("img")
        assert picture.get_attribute("src") == f"/calculations/{identity}/result"
        assert page.locator("main svg:not(.icon)").count() == 0
        assert page.evaluate("window.isTaken") is None
    screenshot(page, "calculation-svg")


def test_a_picture_that_is_none_can_be_downloaded(open_page, service):
    identity = store_result(service.engine, "bytes", b"no picture", media_type="image/png")
    expect(result_of(open_page(identity))).to_contain_text("cannot show this picture")


def test_integers_are_exact_wherever_they_stand(open_page, service):
    value = f'{{"big":{BIG},"list":[{-BIG},1e+22,{10**24}]}}'
    arguments = f'{{"matrix":[[{BIG},1],[2,3]],"n":{BIG},"x":1e-7}}'
    identity = store_result(service.engine, "json", value.encode(), arguments=arguments)
    page = open_page(identity)
    expect(result_of(page)).to_contain_text(f'"big": {BIG}')
    expect(result_of(page)).to_contain_text(f"[{-BIG}, 1e+22, {10**24}]")
    expect(page.get_by_role("region", name="Arguments")).to_contain_text(str(BIG))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"n = {BIG}")
    page.get_by_role("button", name="Copy the arguments as JSON").click()
    expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    assert pasted(page) == arguments
    result_of(page).get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_have_count(2)
    assert pasted(page) == value


def test_long_digits_show_their_ends_and_are_downloaded_whole(open_page, service, screenshot):
    digits = "".join(str(n % 10 or 7) for n in range(10**6))
    identity = store_result(
        service.engine, "digits", digits.encode(), function="fibonacci", arguments='{"n":5}'
    )
    page = open_page(identity)
    result = result_of(page)
    expect(result).to_contain_text("1,000,000 digits")
    expect(result).to_contain_text("999,000 digits more")
    first, last = result.locator(".digits").all()
    assert (first.inner_text(), last.inner_text()) == (digits[:500], digits[-500:])
    screenshot(page, "calculation-digits")
    with page.expect_download() as started:
        result.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == "fibonacci-n-5.txt"
    assert started.value.path().read_bytes() == digits.encode()


def test_short_digits_are_grouped_for_the_eye_and_copied_plain(open_page, service):
    digits = "12345" * 30
    page = open_page(store_result(service.engine, "digits", digits.encode()))
    shown = result_of(page).locator(".digits")
    assert shown.locator("span").count() == 30
    shown.evaluate("element => getSelection().selectAllChildren(element)")
    page.keyboard.press("Control+C")
    assert pasted(page) == digits


def test_long_text_and_long_json_are_bounded(open_page, service):
    text = "".join(f"line {n:06}\n" for n in range(10_000))
    page = open_page(store_result(service.engine, "text", text.encode()))
    expect(result_of(page)).to_contain_text("These are the first 64.0 KiB of 117 KiB.")
    assert result_of(page).locator("pre").inner_text().rstrip() == text[:65_536].rstrip()
    value = json.dumps([{"n": n} for n in range(2_000)], separators=(",", ":"))
    page = open_page(store_result(service.engine, "json", value.encode()))
    expect(result_of(page)).to_contain_text("2,000 items")
    assert result_of(page).locator(".json-line").count() < 120
    result_of(page).get_by_role("button", name="Show 100 of 1,900 more").click()
    expect(result_of(page).get_by_text('{"n": 199}')).to_be_visible()


def test_other_bytes_and_nothing_are_named(open_page, service):
    identity = store_result(service.engine, "bytes", b"PK\3\4", media_type="application/zip")
    page = open_page(identity)
    expect(result_of(page)).to_contain_text("A file of the type application/zip, of 4 bytes.")
    expect(
        open_page(store_result(service.engine, "text", b"")).get_by_text("empty")
    ).to_be_visible()


def test_a_removed_result_says_what_to_do(open_page, service, watch, screenshot):
    watch.expect("410")
    identity = store_result(service.engine, "digits", b"8", function="fibonacci")
    change(service.engine, identity, "result_pruned_at = now(), result_value = NULL")
    page = open_page(identity)
    expect(page.get_by_text("The result was removed to free space")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    screenshot(page, "calculation-removed")


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
    screenshot(page, "calculation-queued")
    change_and_notify(service.engine, identity, f"{BEGIN}, progress = 0")
    running = page.get_by_role("region", name="Running")
    expect(running).to_contain_text("About 10 min left")
    expect(running).to_contain_text("Judged by the estimate alone.")
    axe(page)
    change_and_notify(service.engine, identity, "started_at = now() - interval '20 min'")
    expect(running).to_contain_text("Time left unknown")
    expect(running).to_contain_text("It takes longer than the 10 min 0 s that were estimated.")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the calculation").click()
    expect(page.get_by_role("region", name="Cancelling")).to_be_visible()  # no worker does it
    expect(page.get_by_role("button", name="Cancelling")).to_be_disabled()
    screenshot(page, "calculation-cancelling")


def test_it_fits_a_phone_and_everybody_can_use_it(open_page, service, page, axe, screenshot):
    page.set_viewport_size({"width": 360, "height": 800})
    arguments = json.dumps({"text": "long " * 50, "word": "x" * 300, "n": 10**300})
    deep = [[[[1, {"a": [2, []]}]]]]
    value = json.dumps({"list": list(range(150)), "word": "y" * 300, "deep": deep})
    identity = store_result(service.engine, "json", value.encode(), arguments=arguments)
    open_page(identity)
    expect(result_of(page)).to_contain_text("150 items")
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
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    axe(page)
    screenshot(page, "calculation-360-dark")


def test_it_can_be_used_by_keyboard_alone(open_page, service):
    page = open_page(store_result(service.engine, "text", b"some text"))
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


def test_the_lines_mean_these_arguments_to_a_shell_and_to_python(open_page, service, tmp_path):
    given = {
        "text": 'it\'s "so" $HOME `id` \\ ! \n\t zürich 漢 😀',
        "import": [None, True, 1e22, -1e-7, {"O'Hara": "'; rm -rf ~; '"}],
        "n": BIG,
    }
    arguments = json.dumps(given, sort_keys=True, separators=(",", ":"))
    page = open_page(store_result(service.engine, "json", b"[1]", arguments=arguments))
    link = page.get_by_role("link", name="New with these arguments")
    assert f"n={BIG}" in str(link.get_attribute("href"))
    texts = {}
    for name in ("curl", "reckoner", "Python"):
        page.get_by_role("tab", name=name).click()
        texts[name] = page.get_by_role("tabpanel").inner_text()
    submitted, fetched = called(texts["curl"], tmp_path)
    body = json.loads(submitted[submitted.index("-d") + 1])
    assert body == {"function": "made_up", "arguments": given}
    assert fetched[-1].endswith(".json")
    (command,) = called(texts["reckoner"], tmp_path)
    assert command[1:3] == ["run", "made_up"]
    assert json.loads(command[3]) == given
    (call,) = [
        node
        for node in ast.walk(ast.parse(texts["Python"]))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call"
    ]
    assert [ast.literal_eval(argument) for argument in call.args] == ["made_up", given]


def called(text, folder):
    """Run lines in a shell whose programs only say what they are called with."""
    for name in ("curl", "reckoner"):
        (folder / name).write_text(STUB.format(python=sys.executable))
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "RECKONER_KEY": "rk_a $key"}
    done = subprocess.run(
        ["sh", "-euc", text], env=environment, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_lines_have_the_key_from_the_environment(open_page, service, tmp_path):
    page = open_page(store_result(service.engine, "digits", b"8", function="fibonacci"))
    texts = page.evaluate(
        """async ([url, origin]) => {
            const { linesFor } = await import(url);
            const about = { function: "fibonacci", arguments: { n: 6 }, id: "an-id", result: null };
            return linesFor({ document: about, origin, hasKeys: true, fileName: "file" });
        }""",
        [module_of(page, "lines/lines.js"), "http://reckoner.example"],
    )
    of = {line["name"]: line["text"] for line in texts}
    for command in called(of["curl"], tmp_path):
        assert command[command.index("-H") + 1] == "Authorization: Bearer rk_a $key"
    assert "rk_" not in of["reckoner"]
    assert 'key=os.environ["RECKONER_KEY"]' in of["Python"]


def test_the_time_that_is_left_is_judged_by_the_pace_or_is_unknown(open_page, service):
    page = open_page(store_result(service.engine, "digits", b"8", function="fibonacci"))
    left = page.evaluate(
        """async (url) => {
            const { Pace } = await import(url);
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
        }""",
        module_of(page, "time_left.js"),
    )
    assert left == {
        "paced": 28,
        "loaded_late": 40,
        "another_attempt": 10,
        "by_estimate": 7,
        "longer_than_estimated": None,
        "nothing_known": None,
    }
