"""docs/reference/processes.md names programs that exist, and the statuses with which they end."""

import re
from importlib.util import find_spec
from pathlib import Path

from shared.calculation import Lane
from shared.startup import USAGE_STATUS
from workers.lifecycle import FAILURE_STATUS

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/reference/processes.md").read_text()


def test_its_programs_exist():
    modules = set(re.findall(r"python -m ([\w.]+)", PAGE))
    assert {"gateway", "gateway.relay", "workers", "migrations"} <= modules
    for name in modules:
        found = find_spec(name)
        assert found is not None, name
        if found.submodule_search_locations:
            assert find_spec(f"{name}.__main__") is not None, name
    assert set(re.findall(r"python -m workers (\w+)", PAGE)) == set(Lane)
    assert (ROOT / "compose/upgrade.sh").exists()


def test_its_statuses_are_those_of_the_code():
    rows = dict(re.findall(r"^\| (\d[\d, ]*) \| (.+?) \|", PAGE, re.MULTILINE))
    assert "cannot work any more" in rows[str(FAILURE_STATUS)]
    assert "wrong settings" in rows[str(USAGE_STATUS)]
