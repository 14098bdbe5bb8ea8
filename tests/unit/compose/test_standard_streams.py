"""`make up` with standard streams that are closed: no other file may be taken for one of them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import os, sys
from compose.local.__main__ import _open_standard_streams
_open_standard_streams()
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(1, b"for nobody")
os.write(descriptor, b"descriptor %d" % descriptor)
"""


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path):
    file = tmp_path / "file"
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    # The interpreter opens the script with the first number that is free, and closes it again.
    line = f"PYTHONPATH='{ROOT}' '{sys.executable}' '{script}' '{file}' <&- >&- 2>&-"
    subprocess.run(["sh", "-c", line], check=True, cwd=tmp_path)
    assert file.read_text() == "descriptor 3"
