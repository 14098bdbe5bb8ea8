"""Tests that share a Reckoner run in one process, which starts it once."""

import pytest

from tests.scheduling import group_of


@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("tests/e2e/test_batch.py", "tests/e2e/"),
        ("tests/e2e/cli/test_outage.py", "tests/e2e/"),
        ("tests/e2e/keys/test_traces.py", "tests/e2e/keys/"),
        ("tests/e2e/alerts/test_alerts.py", "tests/e2e/alerts/test_alerts.py"),
        ("tests/browser/console/test_frame.py", "tests/browser/console/"),
        ("tests/browser/test_docs.py", "tests/browser/test_docs.py"),
        ("tests/unit/shared/test_ids.py", "tests/unit/shared/test_ids.py"),
    ],
)
def test_those_of_a_reckoner_go_together_and_others_by_file(file, group):
    assert group_of(f"{file}::test_it[a/b::c]") == group
