"""What is left of all that the other tests have sent: these run last."""

from pathlib import Path

import pytest

from tests.e2e.keys.api_keys import holders

pytestmark = pytest.mark.slow


def test_no_log_file_and_no_command_line_holds_a_secret(keyed):
    """After all of the above, at DEBUG; PostgreSQL's log, NGINX's cache and what it buffers too."""
    files = [file for file in keyed.stack.folder.rglob("*") if file.is_file()]
    files += (keyed.stack.folder.parent / "postgres").glob("*.log")
    assert {"gateway.log", "access.log"} <= {file.name for file in files}
    assert holders(keyed.keys.secrets, [*files, *Path("/proc").glob("[0-9]*/cmdline")]) == []
