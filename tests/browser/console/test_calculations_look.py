"""What the list of calculations looks like: three widths, both schemes, nothing that axe finds."""

import pytest

from tests.browser.console.stored import store

pytestmark = pytest.mark.slow

LONG = 2**53 + 1


@pytest.fixture(scope="module")
def service(start_service):
    with start_service() as service:
        engine = service.engine
        for number in range(12):
            store(engine, "succeeded", age=9_000 + 700 * number, arguments={"n": 12_345 * number})
        store(engine, "cancelled", age=4_000, function="factorial", arguments={"n": 90_000})
        matrix = {"matrix": [[1.5, 2, 3], [4, 5, 6], [7, 8, 10]], "right": [LONG, 2, 3]}
        store(engine, "failed", age=2_000, function="linear_system", arguments=matrix)
        store(engine, "succeeded", age=900, arguments={"n": LONG}, length=208_988)
        store(engine, "running", age=190, progress=0.421, arguments={"n": 400_000_000})
        store(engine, "running", age=31, progress=0.07, function="factorial")
        store(engine, "queued", age=2, arguments={"n": 2_000_000}, estimate=81)
        yield service


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_list_fits(page, service, axe, screenshot, width, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(service.url)
    page.wait_for_selector("text=9007199254740993")
    page.wait_for_selector("text=18 calculations")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    screenshot(page, f"calculations-{width}-{scheme}")
    page.get_by_role("checkbox", name="Select fibonacci").first.check()
    page.get_by_role("checkbox", name="Select linear_system").check()
    if page.get_by_role("button", name="Filter").is_visible():
        page.get_by_role("button", name="Filter").click()
    page.get_by_label("Created").select_option("between")
    page.wait_for_selector("text=Run again 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    screenshot(page, f"calculations-selected-{width}-{scheme}")
