"""docs/reference/console.md has the URLs that the console knows, and its filters."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/reference/console.md").read_text()
SOURCES = ROOT / "gateway/console/page"


def test_its_urls_are_those_that_the_console_knows():
    source = (SOURCES / "routes.js").read_text()
    patterns = re.findall(r"^  \[/(.+)/, \w+, ", source, re.MULTILINE)
    assert len(patterns) >= 6
    shown = re.findall(r"^\| `(/\S*)` \|", PAGE, re.MULTILINE)
    known = [re.compile(one.replace(r"\/", "/").replace("(?<", "(?P<")) for one in patterns]
    for path in shown:
        assert any(one.match(path) for one in known), path
    for one in known:
        assert any(one.match(path) for path in shown), one.pattern


def test_it_says_how_often_the_page_of_the_system_asks():
    index, charts = (
        (SOURCES / f"pages/system/{name}.js").read_text() for name in ("index", "charts")
    )
    [state] = re.findall(r"^const SECONDS = (\d+);", index, re.MULTILINE)
    most_often = min(int(seconds) for seconds in re.findall(r"every: (\d+) \}", charts))
    assert f"the state every {state} s" in PAGE
    assert f"charts every {most_often} s or more rarely" in " ".join(PAGE.split())


def test_its_filters_are_those_of_the_list():
    source = (SOURCES / "pages/calculations/filters.js").read_text()
    [listed] = re.findall(r"export const FILTERS = \[(.+?)\];", source)
    names = re.findall(r'"(\w+)"', listed)
    assert len(names) >= 6
    assert [name for name in names if f"`{name}`" not in PAGE] == []
