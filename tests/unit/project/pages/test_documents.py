"""Links in the documents lead somewhere, also from the code; each page is on the map."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
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
#: Where the code, its tests and what surrounds it may name a page.
_NAMING = ("compose", "gateway", "migrations", "reckoner", "shared", "tests", "workers", ".github")
_PAGE = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.(?:md|json|svg|png)(?:#[\w-]+)?")
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


def test_each_page_that_the_code_names_exists():
    named = {
        (str(file.relative_to(ROOT)), page)
        for file in (
            *ROOT.glob("*"),
            *(one for name in _NAMING for one in ROOT.glob(f"{name}/**/*")),
        )
        if file.is_file()
        and file.parent.name != "peers"  # these name pages of theirs
        and file.suffix not in {".pyc", ".png", ".md"}
        for page in _PAGE.findall(file.read_text(errors="replace"))
    }
    assert len({page for _, page in named}) > 20
    broken = []
    for file, page in sorted(named):
        path, _, anchor = page.partition("#")
        target = ROOT / path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(f"{file}: {page}")
    assert broken == []


def test_the_table_of_folders_names_every_room():
    """That of CONTRIBUTING.md, for whoever looks for the first time."""
    table = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where things live")[2]
    rooms = {
        str(path.parent.relative_to(ROOT))
        for name in ("gateway", "workers", "shared")
        for path in ROOT.glob(f"{name}/*/__init__.py")
    }
    assert sorted(room for room in rooms if f"`{room}`" not in table) == []


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
