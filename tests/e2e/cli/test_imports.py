"""Commands start fast: what they do not need is not loaded."""

import subprocess
import sys

import pytest

from tests.e2e.cli.command import environment

pytestmark = pytest.mark.slow

_PROGRAM = """
import atexit, sys
HEAVY = {"pydantic", "sqlalchemy", "gmpy2", "falcon", "shared", "httpx", "rich"}
atexit.register(lambda: print(*sorted(HEAVY & sys.modules.keys()), file=sys.stderr))
from reckoner.cli.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        (("--help",), ""),
        (("--version",), ""),
        (("run", "--help"), ""),
        (("run", "fibonacci", "n=100"), "httpx"),
        (("list", "-o", "jsonl"), "httpx"),
    ],
)
def test_what_is_not_needed_is_not_loaded(base_url, arguments, loaded):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env=environment(base_url),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, f"{loaded}\n")
