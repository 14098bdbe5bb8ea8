"""docs/explanation/architecture.md names files that exist, and answers where to change what."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/explanation/architecture.md").read_text()

_FILE = re.compile(r"\b(?:compose|gateway|migrations|reckoner|shared|tests|workers)/[\w./-]*\w")


def test_every_file_that_it_names_exists():
    named = _FILE.findall(PAGE)
    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_it_says_what_to_open_for_at_least_twenty_changes():
    table = PAGE.partition("## To change")[2]
    rows = [row for row in table.splitlines() if row.startswith("| ")]
    assert len(rows) - 1 >= 20
    assert all(re.search(r"`\.?\w+[/.]", row) for row in rows[1:])


def test_every_package_of_the_product_is_on_it():
    packages = {
        str(path.parent.relative_to(ROOT))
        for name in ("gateway", "workers", "shared", "reckoner", "migrations")
        for path in (ROOT / name).rglob("__init__.py")
    }
    assert sorted(package for package in packages if package not in PAGE) == []
