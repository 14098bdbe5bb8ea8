"""Outputs are compared without what differs each time, and with nothing else left out."""

import pytest

from tests.e2e.guides.output import is_as_shown
from tests.e2e.guides.page import Command, File, steps


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("done in 3.2 s", "done in 17 s"),
        ("at 2026-11-27 02:32 UTC", "at 2027-01-01 00:00 UTC"),
        ("a\nb\nc", "a\n…\nc"),
        ("a\nc", "a\n…\nc"),
        ("Created shop (id 06060ba7115c): read", "Created shop (id …): read"),
        ("anything", ""),
    ],
)
def test_what_differs_each_time_is_left_out(printed, shown):
    assert is_as_shown(printed, shown)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("354224848179261915076", "354224848179261915075"),
        ("a\nb", "a"),
        ("a", "a\nb"),
        ("a\nb\nd", "a\n…\nc"),
        ("status failed", "status succeeded"),
        ("", "a"),
    ],
)
def test_everything_else_counts(printed, shown):
    assert not is_as_shown(printed, shown)


def test_commands_and_files_are_found_in_their_order():
    page = "```console\n$ a \\\n    b\nc\n$ d\n```\n\n```python x.py\nx\n```\n\n```sh\nno\n```\n"
    assert steps(page) == [Command("a \\\n    b", "c"), Command("d", ""), File("x.py", "x\n")]
