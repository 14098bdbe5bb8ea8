"""`make fuzz`: what test_real_responses.py does last, for longer and with a new seed each time."""

import os
import secrets
import sys

import pytest

from tests.e2e.description.fuzzing import fuzz

_SECONDS = int(os.environ.get("FUZZ_SECONDS") or 600)
_SEED = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(2**31))


@pytest.mark.timeout(_SECONDS + 300)
def test_schemathesis_finds_nothing_for_a_while(described, capsys):
    with capsys.disabled():
        sys.stdout.write(f"\nmake fuzz SEED={_SEED} SECONDS={_SECONDS}\n")
        output = fuzz(described, "--max-examples", "100", seconds=_SECONDS, seed=_SEED)
        sys.stdout.write(output)
