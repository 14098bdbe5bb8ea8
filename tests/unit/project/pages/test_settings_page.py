"""docs/reference/settings.md has every variable, with the defaults and bounds of the code."""

import re
from dataclasses import fields

import pytest

from shared.config import Settings
from shared.config.names import _NOT_SETTINGS
from tests.documents.parts import ROOT, part_of
from tests.documents.settings import PAGE, local_table, settings_table


@pytest.mark.parametrize(
    ("part", "made"),
    [("settings", settings_table), ("settings of make up", local_table)],
    ids=["all processes", "make up"],
)
def test_its_tables_are_complete_and_right(part, made):
    assert part_of(PAGE, part) == made(), "Run: make documents"


def test_its_table_has_each_setting_with_its_bounds():
    rows = re.findall(
        r"^\| `(RECKONER_\w+)` \| (.*?) ?\| (.*?) ?\| (.+) \|$", PAGE.read_text(), re.MULTILINE
    )
    shown = {name: bounds for name, _, bounds, _ in rows}
    for field in fields(Settings):
        bounds = shown[f"RECKONER_{field.name.upper()}"].replace(",", "")
        low, high = field.metadata["at_least"], field.metadata["at_most"]
        assert [float(one) for one in bounds.split(" to ") if one] == [
            bound for bound in (low, high) if bound is not None
        ]


def test_every_other_variable_is_on_it_or_on_the_page_of_compose():
    pages = (PAGE, ROOT / "docs/how-to/install-with-docker-compose.md")
    text = "".join(page.read_text() for page in pages)
    assert sorted(name for name in _NOT_SETTINGS if f"`{name}" not in text) == []
