"""Links in the documents lead somewhere, each page is on the map, and decisions can be found."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "docs/decisions.md"
MAP = ROOT / "docs/README.md"

_DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FILE = re.compile(
    r"(?<![\w/.-])(?:compose|gateway|migrations|reckoner|shared|tests|workers)/[\w./-]*\w"
)
#: What a page tells a user to write.
_USERS_FILES = {
    "compose/.env",
    "tests/test_prime_factors.py",
    "tests/test_mandelbrot.py",
    "tests/test_collatz.py",
    "compose/prometheus/own/alertmanagers.yml",
    "compose/prometheus/own/targets.yml",
}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r'\bsrc(?:set)?="([^"]+)"')


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", _DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_to_a_file_and_a_heading(page):
    broken = []
    text = page.read_text()
    for link in (*_LINK.findall(text), *_PICTURE.findall(text)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", _DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_file_that_a_page_names_exists(page):
    named = set(_FILE.findall(page.read_text())) - _USERS_FILES
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_the_contents_of_the_decisions_name_every_entry():
    text = DECISIONS.read_text()
    listed = re.findall(r"^- \[(.+)\]\(#", text, re.MULTILINE)
    assert listed == re.findall(r"^### (.+)$", text, re.MULTILINE)


def test_every_page_is_on_the_map():
    """Once each, by what a reader wants."""
    linked = [MAP.parent / link.partition("#")[0] for link in _LINK.findall(MAP.read_text())]
    pages = {page for page in ROOT.glob("docs/**/*.md") if page != MAP}
    missing = pages - {page.resolve() for page in linked}
    assert sorted(str(page.relative_to(ROOT)) for page in missing) == []
    assert len(linked) == len(set(linked))
    assert "](docs/README.md)" in (ROOT / "README.md").read_text()


def test_the_map_calls_each_page_by_its_title():
    for title, link in re.findall(r"\| \[([^\]]+)\]\(([\w/-]+\.md)\) \|", MAP.read_text()):
        heading = (MAP.parent / link).read_text().partition("\n")[0].removeprefix("# ")
        assert heading == title, link
