"""What the list of calculations looks like: three widths, both schemes, nothing that axe finds."""

import pytest

from tests.browser.console.stored import clear, store

pytestmark = pytest.mark.slow

LONG = 2**53 + 1

#: Until then a row has the background of the scheme before.
TWO_FRAMES = "new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"


@pytest.fixture
def some_days(page, service):
    """The list of some days."""
    engine = service.engine
    clear(engine)
    for number in range(12):
        store(engine, "succeeded", age=9_000 + 700 * number, arguments={"n": 12_345 * number})
    store(engine, "cancelled", age=4_000, function="factorial", arguments={"n": 90_000})
    matrix = {"matrix": [[1.5, 2, 3], [4, 5, 6], [7, 8, 10]], "right": [LONG, 2, 3]}
    store(engine, "failed", age=2_000, function="linear_system", arguments=matrix)
    store(engine, "succeeded", age=900, arguments={"n": LONG}, length=208_988)
    store(engine, "running", age=190, progress=0.421, arguments={"n": 400_000_000})
    store(engine, "running", age=31, progress=0.07, function="factorial")
    store(engine, "queued", age=2, arguments={"n": 2_000_000}, estimate=81)
    page.goto(service.url)
    page.wait_for_selector(f"text={LONG}")
    page.wait_for_selector("text=18 calculations")
    return page


def test_the_list_fits_each_width_in_both_schemes_and_so_it_does_with_a_selection(
    some_days, axe, screenshot
):
    page = some_days

    def look(name):
        for width in (1280, 768, 360):
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.evaluate(TWO_FRAMES)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                axe(page)
                screenshot(page, f"{name}-{width}-{scheme}")

    look("calculations")
    page.get_by_role("checkbox", name="Select fibonacci").first.check()
    page.get_by_role("checkbox", name="Select linear_system").check()
    page.get_by_role("button", name="Filter").click()  # the page is narrow by now
    page.get_by_label("Created").select_option("between")
    page.wait_for_selector("text=Run again 1")
    look("calculations-selected")
