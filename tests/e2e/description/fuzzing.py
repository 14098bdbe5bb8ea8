"""Runs schemathesis against a service, which it gets to know by its description alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.description.conftest import Described

_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
_ROOT = Path(__file__).parents[3]

#: Besides its own time, for what is under way when the time is over.
_GRACE_SECONDS = 120


def fuzz(described: Described, *options: str, seconds: int, seed: int) -> str:
    """Send whatever the description allows, and what it does not; return what was done.

    Raises AssertionError, with all that it has found.
    """
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIGURATION)),
        *("run", f"{described.url}/openapi.json", "--no-color", "--continue-on-failure"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"),
        *("--max-time", str(seconds), "--seed", str(seed)),
        *("--header", f"Authorization: {described.headers['Authorization']}"),
        *options,
    ]
    done = subprocess.run(
        command,
        cwd=described.stack.folder,  # it leaves files there
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.e2e.description.contract", "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds + _GRACE_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def what_was_done(output: str) -> tuple[int, int, int]:
    """Return how many operations there are, how many were tested, and with how many requests."""
    operations = re.search(r"Selected: (\d+)/\d+\s+Tested: (\d+)", output)
    cases = re.search(r"(\d+) generated", output)
    assert operations is not None, output
    assert cases is not None, output
    return int(operations[1]), int(operations[2]), int(cases[1])
