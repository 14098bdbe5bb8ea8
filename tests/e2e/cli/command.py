"""`reckoner` as a user has it: a process of its own, or, which is faster, a call."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

PROGRAM = (sys.executable, "-m", "reckoner.cli")

#: No calculation has it.
NOBODYS_ID = "00000000-0000-5000-8000-000000000000"


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.output)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.output.splitlines()]


def environment(url: str, **more: str) -> dict[str, str]:
    return {**os.environ, "RECKONER_URL": url, **more}


def run(url: str, *arguments: str, **more: str) -> Ended:
    """Run it in a process of its own, without a terminal."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(url, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    errors = done.stderr.decode(errors="replace")
    assert "Traceback" not in errors, errors
    return Ended(done.returncode, done.stdout, errors)


def start(url: str, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
    """Start it in a process of its own, without a terminal."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environment(url, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: "subprocess.Popen[bytes]") -> Ended:
    output, errors = process.communicate(timeout=120)
    assert b"Traceback" not in errors, errors
    return Ended(process.returncode, output, errors.decode())
