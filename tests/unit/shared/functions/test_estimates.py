"""Estimates of memory, compared with what a child process uses."""

import subprocess
import sys

import pytest

from reckoner.canonical_json import canonical_json
from shared.functions.registry import load_registry
from workers.sandbox.protocol import Request

_REGISTRY = load_registry()

#: A child process that reports its peak memory at the end.
_PROGRAM = """
import re, sys
from pathlib import Path
from workers.sandbox.inside.child import main
main()
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024, file=sys.stderr)
"""


def peak_bytes(function, n):
    """Return the peak memory of its process."""
    request = Request(
        function=function.name,
        version=function.version,
        arguments_text=canonical_json({"n": n}),
        prime=2**61 - 1,
        memory_limit_bytes=2**32,
        time_limit_seconds=60,
        max_result_bytes=2**30,
    )
    process = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=request.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(process.stderr)


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("fibonacci", 10),
        ("fibonacci", 700_000),
        ("fibonacci", 5_000_000),
        ("fibonacci", 30_000_000),
        ("factorial", 10),
        ("factorial", 300_000),
        ("factorial", 1_000_000),
    ],
)
def test_estimated_memory_is_above_what_is_measured_and_not_far_above(name, n):
    function = _REGISTRY.get(name)
    estimate = function.estimate(function.bind({"n": n}))
    assert estimate is not None
    estimated, measured = estimate.bytes, peak_bytes(function, n)
    assert measured <= estimated <= 2 * measured
