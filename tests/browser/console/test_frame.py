"""The frame of the console: navigation, widths, schemes, and what stays where."""

import pytest

pytestmark = pytest.mark.slow

PATHS = ["/", "/console/new", "/console/functions", "/console/system", "/console/nothing"]


@pytest.fixture(scope="module")
def service(start_service):
    with start_service() as service:
        yield service


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_frame_fits(page, service, axe, screenshot, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in PATHS:
        page.goto(service.url + path)
        page.wait_for_selector("main h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    screenshot(page, f"frame-{width}")
    axe(page)
