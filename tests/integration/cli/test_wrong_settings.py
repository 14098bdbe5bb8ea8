"""Every process refuses settings that cannot work, with sentences, and starts nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = (
    ("gateway",),
    ("gateway.relay",),
    ("workers", "quick"),
    ("workers", "heavy"),
    ("workers.health",),
    ("migrations", "upgrade"),
    ("reckoner.cli.__main__", "redrive", "quick"),
    ("reckoner.cli.__main__", "key", "list"),
    ("shared.config",),
    ("compose.local",),
)


@pytest.mark.slow
def test_every_process_names_invalid_settings_without_a_traceback():
    wrong = {"RECKONER_LEASE_SECOND": "3", "RECKONER_HEAVY_SLOTS": "inf"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _run(*program), *program[1:]],
            env=os.environ | wrong,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for program in PROGRAMS
    ]
    for program, process in zip(PROGRAMS, started, strict=True):
        output, _ = process.communicate(timeout=60)
        assert process.returncode in (1, 2), (program, output)
        assert "Did you mean RECKONER_LEASE_SECONDS?" in output, program
        assert "RECKONER_HEAVY_SLOTS must be a whole number" in output, program
        assert "Traceback" not in output, program


def _run(module: str, *_: str) -> str:
    """Return what runs a module as its command does."""
    if module == "reckoner.cli.__main__":
        return "from reckoner.cli.__main__ import main; main()"
    return f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
