"""The shell that does what a page says."""

from pathlib import Path

import pytest

from tests.e2e.guides import shell
from tests.e2e.guides.page import steps
from tests.eventually import eventually

pytestmark = pytest.mark.slow

_HANGS = """\
```console
$ echo begun
$ sleep 1000 & echo $! >pid; wait
```
"""


def test_a_page_that_hangs_is_ended_with_all_that_it_has_started(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "_SECONDS", 1)
    with pytest.raises(AssertionError, match=r"Not done after 1 s:\n(?s:.*)begun"):
        shell.Shell(tmp_path, {}, {}).run(steps(_HANGS))
    command = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/cmdline")
    eventually(lambda: not command.exists() or not command.read_bytes())
