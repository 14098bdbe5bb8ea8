"""The result on the page of a calculation: exact, safe, and copied over plain HTTP.

The page has a name of its own, under which a browser has no clipboard to offer to it.
"""

import base64
import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PUBLIC
from tests.browser.console.ended import change, path_of, store_result

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

BIG = 2**53 + 1


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
    link = page.get_by_role("link", name="New with these arguments")
    assert f"n={BIG}" in str(link.get_attribute("href"))
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
    expect(shown.locator("span")).to_have_count(30)
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
