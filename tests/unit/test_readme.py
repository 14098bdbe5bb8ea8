"""The README's configuration table says what the code does."""

import dataclasses
import re
import tomllib
from pathlib import Path

from shared.config import Settings

ROOT = Path(__file__).parents[2]


def test_the_configuration_table_is_complete_and_right():
    defaults = tomllib.loads((ROOT / "shared/settings.toml").read_text())["default"]
    rows = re.findall(
        r"^\| `RECKONER_(\w+)` \| (?:`(.*?)`)? ?\| (.+) \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    expected = [
        (field.name.upper(), str(defaults.get(field.name, "")), field.metadata["doc"])
        for field in dataclasses.fields(Settings)
    ]
    assert rows == expected
