"""The README's configuration tables and documents say what the code does."""

import dataclasses
import json
import re
import tomllib
from pathlib import Path

from compose.local.settings import PORTS, PREFIX, LocalSettings
from gateway.http.document import encode_document
from shared.config import Settings
from tests.factories import make_row

ROOT = Path(__file__).parents[3]


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of the tables: name, default and meaning."""
    return re.findall(
        r"^\| `(RECKONER_\w+)` \| (.*?) ?\| (.+) \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )


def _written(default: object) -> str:
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _default(name: str, sections: dict[str, dict[str, object]]) -> str:
    """Return a setting's default, and that of production if it is another; "" if there is none."""
    for section in ("default", "development"):
        # Addresses are left out: they are those of `make up`.
        if name in sections[section] and not name.endswith("_url"):
            text = _written(sections[section][name])
            if name in sections["production"]:
                return f"{text}, in production {_written(sections['production'][name])}"
            return text
    return ""


def test_the_configuration_table_is_complete_and_right():
    sections = tomllib.loads((ROOT / "shared/config/settings.toml").read_text())
    expected = [
        (
            f"RECKONER_{field.name.upper()}",
            _default(field.name, sections),
            field.metadata["doc"],
        )
        for field in dataclasses.fields(Settings)
    ]
    assert [row for row in rows() if not row[0].startswith(PREFIX)] == expected


def test_the_table_of_make_up_is_complete_and_right():
    meanings = {name: f"port of {purpose}" for name, purpose in PORTS.items()}
    meanings["host"] = "address that NGINX listens on"
    meanings["logs"] = "`on` shows all log lines in the terminal of `make up`"
    meanings |= {lane: f"{lane} workers" for lane in ("quick", "heavy")}
    expected = [
        (f"{PREFIX}{field.name.upper()}", _written(field.default), meanings[field.name])
        for field in dataclasses.fields(LocalSettings)
    ]
    assert [row for row in rows() if row[0].startswith(PREFIX)] == expected


def test_its_documents_have_the_members_that_documents_have():
    found = re.findall(r'^\{"id": .+\}$', (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(found) == 3
    members = list(json.loads(encode_document(make_row())))
    assert all(list(json.loads(text)) == members for text in found)
