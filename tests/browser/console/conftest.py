"""The console in Chromium: whatever a test does, nothing may go wrong on the page."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from gateway.http.browser_packages import find_browser_package
from tests.browser.conftest import PUBLIC, Service, StartService

_ARTEFACTS = Path(__file__).parents[3] / "var" / "test-artefacts" / "console"
_TEST_PACKAGES = Path(sys.prefix) / "share" / "reckoner" / "browser-tests"

_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
    `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`
));
"""

#: What WCAG 2.1 A and AA demand, and what is held to be good practice beside it.
_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}


class Watch:
    """What went wrong on the pages of a context; a test says what has to."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self._wrong: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def expect(self, pattern: str) -> None:
        """Let messages pass that match: Chromium reports each status of 400 and more."""
        self._expected.append(re.compile(pattern))

    def attach(self, page: Page) -> None:
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("console", lambda message: self._wrong.append(f"{message.type}: {message.text}"))
        page.add_init_script(_REPORT_VIOLATIONS)

    @property
    def wrong(self) -> list[str]:
        """All that nothing was said about."""
        return [text for text in self._wrong if not any(one.search(text) for one in self._expected)]


@pytest.fixture(scope="package")
def service(start_service: StartService) -> Iterator[Service]:
    """A gateway without workers, for all test files that have no other; each puts into its database
    what it needs, and some clear it before.
    """
    with start_service(allowed_hosts=f"127.0.0.1,{PUBLIC}") as service:
        yield service


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Options of the browser's context; a test file may have others."""
    return {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def page(browser: Browser, watch: Watch, context_options: dict[str, Any]) -> Iterator[Page]:
    """A page that asks one host alone, keeps to its policy, and says nothing on its console."""
    context = browser.new_context(**context_options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    watch.attach(page)
    yield page
    context.close()
    assert watch.wrong == []
    assert len(watch.hosts) <= 1, watch.hosts


@pytest.fixture(scope="session")
def axe_source() -> str:
    found = find_browser_package(_TEST_PACKAGES, "axe-core", ["axe.min.js"])
    assert found, "axe-core is missing. Install it: compose/bootstrap.sh dev"
    return (found / "axe.min.js").read_text()


@pytest.fixture
def axe(axe_source: str) -> Callable[[Page], None]:
    """Check a page for what keeps people from using it: `axe(page)`."""

    def check(page: Page, **options: Any) -> None:
        page.evaluate(axe_source)
        found = page.evaluate("(options) => axe.run(document, options)", {**_RULES, **options})
        faults = [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert faults == [], "\n".join(faults)

    return check


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Keep a picture of a whole page in var/test-artefacts/console: `screenshot(page, "new")`."""

    def take(page: Page, name: str) -> None:
        _ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=_ARTEFACTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def open_console(page: Page, stack: Any) -> Callable[[str], Page]:
    """Open a path of the console of the whole Reckoner, and wait for its heading."""

    def open_path(path: str = "/") -> Page:
        page.goto(stack.url + path)
        page.wait_for_selector("main h1")
        return page

    return open_path
