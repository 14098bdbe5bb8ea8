"""The tables of docs/reference/settings.md."""

import dataclasses
import tomllib
from typing import Any

from compose.local.settings import PORTS, PREFIX, LocalSettings
from shared.config import Settings
from tests.documents.parts import ROOT, table

PAGE = ROOT / "docs/reference/settings.md"


def settings_table() -> str:
    """Return the table of the settings of all processes."""
    sections = tomllib.loads((ROOT / "shared/config/settings.toml").read_text())
    rows = [
        (
            f"`RECKONER_{field.name.upper()}`",
            _default(field.name, sections),
            _bounds(field.metadata),
            field.metadata["doc"],
        )
        for field in dataclasses.fields(Settings)
    ]
    return table(("variable", "default", "bounds", "meaning"), rows)


def local_table() -> str:
    """Return the table of the settings of `make up`."""
    meanings = {name: f"port of {purpose}" for name, purpose in PORTS.items()}
    meanings["host"] = "address that NGINX listens on"
    meanings["logs"] = "`on` shows all log lines in the terminal of `make up`"
    meanings |= {lane: f"{lane} workers" for lane in ("quick", "heavy")}
    rows = [
        (f"`{PREFIX}{field.name.upper()}`", _written(field.default), meanings[field.name])
        for field in dataclasses.fields(LocalSettings)
    ]
    return table(("variable", "default", "meaning"), rows)


def _default(name: str, sections: dict[str, dict[str, Any]]) -> str:
    """Return a setting's default, and that of production if it is another; "" if there is none."""
    for section in ("default", "development"):
        # Addresses are left out: they are those of `make up`.
        if name in sections[section] and not name.endswith("_url"):
            text = _written(sections[section][name])
            if name in sections["production"]:
                return f"{text}, in production {_written(sections['production'][name])}"
            return text
    return ""


def _bounds(metadata: Any) -> str:
    if metadata["at_least"] is None:
        return ""
    return " to ".join(_number(metadata[name]) for name in ("at_least", "at_most"))


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _written(default: Any) -> str:
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
