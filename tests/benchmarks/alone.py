"""One routine for Fibonacci numbers alone in a fresh process."""

import json
import subprocess
import sys
from typing import Any

from tests.benchmarks.programs import ROOT

# A routine that takes longer is stopped.
LIMIT_SECONDS = 150.0

# A process calls its routine this often, or for as long as this, for the quick ones' sake.
_CALLS = 2_000
_SECONDS_OF_CALLS = 0.3


def alone(name: str, n: int) -> dict[str, Any] | None:
    """Compute F(n) in a fresh process; None if that exceeds the limit."""
    module = "tests.benchmarks.fibonacci_routines"
    command = [sys.executable, "-m", module, name, str(n), str(_CALLS), str(_SECONDS_OF_CALLS)]
    try:
        ended = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if ended.returncode:
        raise RuntimeError(f"{name} failed at n = {n}:\n{ended.stderr.decode()[-2_000:]}")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found
