"""What was found, for people and for programs."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from reckoner.cli.operating.doctor.findings import Level
from reckoner.cli.operating.doctor.running import Examined
from reckoner.cli.output.printable import printable
from reckoner.cli.output.terminal import has_colours

_COLOURS = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.FAULT: "red"}
_WIDTH = max(map(len, Level))


def worst_level(examined: Sequence[Examined]) -> Level:
    """Return the level of the worst finding."""
    found = {finding.level for one in examined for finding in one.findings}
    return next((level for level in reversed(Level) if level in found), Level.OK)


def report_members(examined: Sequence[Examined]) -> dict[str, Any]:
    """Return the report as JSON has it."""
    return {
        "level": str(worst_level(examined)),
        "findings": [
            {
                "check": one.area,
                "level": str(finding.level),
                "detail": finding.detail,
                "remedy": finding.remedy,
            }
            for one in examined
            for finding in one.findings
        ],
    }


def report_text(examined: Sequence[Examined]) -> str:
    """Return the findings below the headings of their checks, and how many there are of each."""
    lines = []
    for one in examined:
        if one.findings:
            lines.append(one.area)
        for finding in one.findings:
            lines.append(f"  {_shown(finding.level)} {printable(finding.detail)}")
            if finding.remedy is not None:
                lines.append(f"  {'':<{_WIDTH}} {printable(finding.remedy)}")
    counts = Counter(finding.level for one in examined for finding in one.findings)
    faults, warnings = counts[Level.FAULT], counts[Level.WARNING]
    lines += ["", f"{_count(faults, 'fault')}, {_count(warnings, 'warning')}.", ""]
    return "\n".join(lines)


def _shown(level: Level) -> str:
    text = f"{level:<{_WIDTH}}"
    return click.style(text, fg=_COLOURS[level]) if has_colours(sys.stdout) else text


def _count(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
